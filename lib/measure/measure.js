'use strict';

const { clearInterval, setInterval } = require('../clock.js');
const { invalidOption, HeapwatchError } = require('../errors.js');
const { native } = require('../native.js');
const { shared } = require('../shared.js');
const { isUnderTest } = require('./calls.js');
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
  if (shared.measuring?.progress != null && isUnderTest(measure)) throw new HeapwatchError('HEAPWATCH_BUSY', 'heapwatch: the function under test measures something itself, and would wait for its own end: measurements run one after another. Call measure() outside of it.');
  options.signal?.throwIfAborted();
  const { binding, reason } = native();
  if (binding === null) throw new HeapwatchError('HEAPWATCH_UNSUPPORTED', `heapwatch: measure() needs the native part. ${reason}`);
  return exclusively(async () => {
    const recorder = new Recorder(binding);
    try {
      const rounds = new Rounds(fn, options, recorder);
      shared.measuring = rounds.calling;
      await rounds.warmUp();
      const judgement = await decide(rounds, options, binding.slope);
      if (judgement.verdict === 'clean') await rounds.provokeCollections(options.maxMs * PROVOKE_SHARE);
      return retention(judgement, rounds, options, recorder, binding.slope);
    } finally {
      shared.measuring = null;
      recorder.close();
    }
  });
}

/** Of the time that there was. */
const PROVOKE_SHARE = 0.1;

/** A call that takes so long, and longer than its measurement may, is stuck. */
const STUCK_MS = 10_000;

/** Seconds in which the event loop turns, not those of a clock: a debugger's or a machine's standstill says nothing. */
const LOOK_MS = 1000;

/**
 * Ends with the last measurement that was asked for. One that hangs must not be waited for by the next test file, so it is this module's own.
 *
 * @type {Promise<unknown>}
 */
let last = Promise.resolve();

/**
 * One after another: two at a time would measure each other.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
function exclusively(work) {
  const mine = turn(last).then(work);
  last = Promise.allSettled([last, mine]);
  return mine;
}

/**
 * Waits for the measurements before. One of them may wait for this one, where a callback in its function under test has started it:
 * then its call neither ends nor is another one begun.
 *
 * @param {Promise<unknown>} before
 * @returns {Promise<void>}
 */
function turn(before) {
  /** @type {number | null} */
  let progress = null;
  let still = 0;
  /** @type {NodeJS.Timeout} */
  let timer;
  const waited = new Promise((/** @type {(value?: any) => void} */ resolve, reject) => {
    timer = setInterval(() => {
      const now = shared.measuring?.progress ?? null;
      still = now !== null && now === progress ? still + 1 : 0;
      progress = now;
      const mostMs = Math.max(STUCK_MS, shared.measuring?.maxMs ?? 0);
      if (still * LOOK_MS >= mostMs) {
        reject(new HeapwatchError('HEAPWATCH_BUSY', `heapwatch: measure() waits for another measurement, one call of whose function has taken ${mostMs / 1000} s so far. If that call waits for this one, both would wait for ever: call measure() outside of the function under test.`));
      }
    }, LOOK_MS);
    before.then(resolve);
  });
  return waited.finally(() => clearInterval(timer));
}

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

module.exports = { measure };
