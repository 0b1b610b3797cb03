'use strict';

const { throwIfAborted } = require('../abort.js');
const { invalidOption, HeapwatchError } = require('../errors.js');
const { native } = require('../native.js');
const { exclusively } = require('./exclusively.js');
const { judge, VERDICT_ROUNDS } = require('./judge.js');
const { checkMeasureOptions } = require('./options.js');
const { Recorder } = require('./recorder.js');
const { Rounds } = require('./rounds.js');

/** @typedef {import('./judge').Judgement} Judgement */
/** @typedef {import('../../index').Retention} Retention */

/** Larger rounds lift a slope out of the noise, and make a step of what came in leaps. */
const ENLARGE = 4;

/**
 * A suspect has to go on growing for this many times the calls that made it one: caches fill, leaks do not. Calls tell more than rounds do here, and
 * without collections between them they cost little.
 */
const CONFIRM_FACTOR = 8;

/** And for so many calls at least, if there is time: more than most caches have entries. */
const CONFIRM_CALLS = 4000;

/** Of the time that there was, for this. */
const CONFIRM_SHARE = 0.25;

/** What is less than this in all may be what V8 compiled, and tells nothing of leaps. */
const LEAP_BYTES = 1024 * 1024;

/**
 * What one call of `fn` leaves behind. See index.d.ts.
 *
 * @param {() => unknown} fn
 * @param {import('../../index').MeasureOptions} [given]
 * @returns {Promise<Retention>}
 */
async function measure(fn, given) {
  if (typeof fn !== 'function') throw invalidOption('fn', fn, 'a function: what is to be called again and again');
  const options = checkMeasureOptions(given);
  return exclusively(async () => (await measureNow(fn, options)).found, options.signal);
}

/**
 * For who has the turn already.
 *
 * @param {() => unknown} fn
 * @param {import('./options').CheckedMeasureOptions} options
 * @returns {Promise<{ found: Retention, swingBytes: number }>} with how far readings were from the trend, from the lowest to the highest
 */
async function measureNow(fn, options) {
  throwIfAborted(options.signal);
  const { binding, reason } = native();
  if (binding === null) throw new HeapwatchError('HEAPWATCH_UNSUPPORTED', `heapwatch: measure() needs the native part. ${reason}`);
  const recorder = new Recorder(binding);
  try {
    const rounds = new Rounds(fn, options, recorder);
    await rounds.warmUp();
    const judgement = await decide(rounds, options, binding.slope);
    if (judgement.verdict === 'clean') await rounds.provokeCollections(options.maxMs * PROVOKE_SHARE);
    return { found: retention(judgement, rounds, options, recorder, binding.slope), swingBytes: judgement.swingBytes };
  } finally {
    recorder.close();
  }
}

/** Of the time that there was. */
const PROVOKE_SHARE = 0.1;

/**
 * @param {InstanceType<typeof Rounds>} rounds
 * @param {import('./options').CheckedMeasureOptions} options
 * @param {import('./judge').Estimate} estimate
 * @returns {Promise<Judgement>}
 */
async function decide(rounds, options, estimate) {
  const { toleranceBytes } = options;
  const look = () => judge(rounds.series.calls, rounds.series.total, toleranceBytes, estimate);
  for (;;) {
    let judgement = null;
    for (const wanted of [VERDICT_ROUNDS, 1.5 * VERDICT_ROUNDS, 2 * VERDICT_ROUNDS, 3 * VERDICT_ROUNDS]) {
      const inTime = await rounds.until(wanted);
      judgement = look();
      if (!inTime || rounds.isLight || judgement.verdict === 'clean' || judgement.verdict === 'leak') break;
    }
    judgement ??= look();
    if (judgement.verdict === 'clean') judgement = await stand(rounds, judgement, options);
    if (judgement.verdict === 'clean') return judgement;
    if (judgement.verdict === 'leak') {
      judgement = await confirm(rounds, judgement, options);
      if (judgement.verdict === 'leak') return judgement;
    }
    if (rounds.leftMs <= 0) return judgement;
    if (rounds.isLight) {
      rounds.thoroughly();
      continue;
    }
    // What is levelling off needs more calls, not larger rounds; both are had by larger rounds.
    if (!rounds.enlarge(ENLARGE, judgement.slope.median)) {
      while (rounds.leftMs > 0 && !rounds.isFull) {
        await rounds.until(rounds.count + 6);
        judgement = look();
        if (judgement.verdict === 'clean') return stand(rounds, judgement, options);
        if (judgement.verdict === 'leak') {
          judgement = await confirm(rounds, judgement, options);
          if (judgement.verdict === 'leak') return judgement;
          break;
        }
      }
      return judgement;
    }
  }
}

/**
 * @param {InstanceType<typeof Rounds>} rounds
 * @param {Judgement} judgement
 * @param {import('./options').CheckedMeasureOptions} options
 * @returns {Promise<Judgement>}
 */
async function confirm(rounds, judgement, { maxMs, toleranceBytes }) {
  const { slope, swingBytes } = judgement;
  const budgetMs = Math.min(maxMs * CONFIRM_SHARE, Math.max(rounds.leftMs, maxMs * CONFIRM_SHARE * 0.4));
  const { calls, bytes } = await rounds.burst(Math.max(CONFIRM_CALLS, CONFIRM_FACTOR * (rounds.calls - rounds.warmupCalls)), budgetMs, slope.median);
  // The reading may lie anywhere in a tooth.
  const rate = (bytes + Math.min(swingBytes, slope.median * calls * 0.25)) / calls;
  if (rate > slope.median / 2 && rate > toleranceBytes) return judgement;
  return { ...judgement, verdict: 'levelling', reason: `it came to ${Math.round(rate)} B per call only over the ${calls} calls that followed` };
}

/**
 * What is clean at last, but had grown before: a cache that has filled, or something that grows in leaps, each by a share of what it has. An array gets half as much room
 * again, a Map twice as much, so between two leaps lie up to as many calls as there were before. So many it has to stand still for, half of them at the least.
 *
 * @param {InstanceType<typeof Rounds>} rounds
 * @param {Judgement} judgement
 * @param {import('./options').CheckedMeasureOptions} options
 * @returns {Promise<Judgement>}
 */
async function stand(rounds, judgement, { maxMs, toleranceBytes }) {
  const { rate, grownBytes, flatCalls, missingCalls } = rounds.overall;
  if (rate <= toleranceBytes || grownBytes < LEAP_BYTES || missingCalls <= 0) return judgement;
  const budgetMs = Math.min(maxMs * CONFIRM_SHARE, Math.max(rounds.leftMs, maxMs * CONFIRM_SHARE * 0.4));
  const { calls, bytes } = await rounds.burst(missingCalls, budgetMs, rate);
  if (bytes <= Math.max(toleranceBytes * calls, judgement.swingBytes) && flatCalls + calls >= (flatCalls + missingCalls) / 2) return judgement;
  return { ...judgement, verdict: 'open', reason: `it grew in leaps, by ${Math.round(rate)} B per call in all` };
}

/**
 * @param {Judgement} judgement
 * @param {InstanceType<typeof Rounds>} rounds
 * @param {import('./options').CheckedMeasureOptions} options
 * @param {InstanceType<typeof Recorder>} recorder
 * @param {import('./judge').Estimate} estimate
 * @returns {Retention}
 */
function retention({ verdict, slope, reason }, rounds, { toleranceBytes }, recorder, estimate) {
  const { calls, external } = rounds.series;
  const externalBytesPerCall = estimate(calls, external)?.median ?? 0;
  const isKnown = slope.isBounded;
  return {
    verdict: verdict === 'leak' || verdict === 'clean' ? verdict : 'inconclusive',
    reason,
    retainedBytesPerCall: slope.median,
    interval: [slope.low, slope.high],
    detectableBytesPerCall: isKnown ? toleranceBytes + (slope.high - slope.low) / 2 : Infinity,
    toleranceBytes,
    heapBytesPerCall: slope.median - externalBytesPerCall,
    externalBytesPerCall,
    allocatedBytesPerCall: recorder.allocatedBytesPerCall,
    allocatedInterval: recorder.allocatedInterval,
    gc: recorder.gc(),
    gcTimeRatio: recorder.gcTimeRatio,
    rounds: rounds.count,
    callsPerRound: rounds.callsPerRound,
    calls: rounds.calls,
    warmupCalls: rounds.warmupCalls,
    totalMs: rounds.elapsedMs,
  };
}

module.exports = { measure, measureNow };
