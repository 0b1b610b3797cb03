'use strict';

// Who leaks: two snapshots around a further series of calls, compared. Only for a test that fails anyway. A forked copy takes them, so that the
// test's process is not scarred. It waits for them, so they take their full share of the CPU: where all cores are busy, as with a runner's workers, what comes last takes minutes.

const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');

const { messageOf } = require('../errors.js');
const { gc: collectThoroughly } = require('../gc.js');
const { compare } = require('../heap/diff.js');
const { DEFAULT_LIMIT } = require('../heap/job.js');
const { Calls } = require('../measure/calls.js');
const { Settler, usedBytes } = require('../measure/settle.js');
const snapshots = require('../snapshot.js');
const { AllocationSites } = require('./allocation-site.js');

/** A count per call is exact with these few, and the snapshots stay alike. */
const FEWEST_CALLS = 100;

/** More are made where a call leaves little: what is less than some kilobytes in all is not looked at. */
const WANTED_BYTES = 128 * 1024;
const MOST_CALLS = 2000;

/** What the calls may leave behind. */
const MOST_BYTES = 24 * 1024 * 1024;

/** And how long they may take; snapshots take longer. */
const MOST_MS = 2000;

/** The first few say it; the rest are parts of them. */
const SHOWN = 3;

/** Less often than this share of the calls is nothing that a call leaves behind. */
const LEAST_RATE = 0.02;

/** Classes that became more along with the first of them, and by what share of its number at least. */
const COMPANY = 4;
const AS_MANY = 0.5;

/** V8's own, and what has no name. */
const UNTOLD = /^(?:$|\(|system \/|Function$)/;
const COMMON = /^(?:Object|Array|Map|Set|Promise|Generator|\{.*)$/;

/** A leak goes on at about its rate. */
const GOES_ON = 0.7;

/** A cache of some thousand entries takes as many calls to fill. Where the measurement had no time for them, an accusation has: if they take no longer than this. */
const FILL_CALLS = 6000;
const FILL_MS = 1500;

/**
 * Lines for the message; null: nothing grew any more, neither a class nor the heap, so what was measured was a warm-up that ended late, or a cache that has filled.
 *
 * @param {() => unknown} fn
 * @param {import('../measure/options').CheckedMeasureOptions} options
 * @param {import('../../index').Retention} found
 * @param {number} swingBytes how far single readings may be from the trend
 * @returns {Promise<string[] | null>}
 */
async function culprits(fn, options, found, swingBytes) {
  let dir = '';
  try {
    dir = mkdtempSync(path.join(tmpdir(), 'heapwatch-culprits-'));
    const settler = new Settler();
    await settler.settle(0);
    if (await hasFilled(fn, options, found, swingBytes, settler)) return null;
    const first = await look(fn, options, callsFor(found, wantedCalls(found)), dir, settler);
    const told = tell(first, found);
    if (told !== null) return told;
    const least = Math.max(found.toleranceBytes, GOES_ON * found.retainedBytesPerCall);
    if (first.rate < least || first.isOfV8 || await isCompiledCode(fn, options, first.calls, found.toleranceBytes)) return null;
    // The class is a small part of what stays: more calls make more of it.
    const count = callsFor(found, MOST_CALLS);
    const second = count > first.calls ? tell(await look(fn, options, count, dir, settler), found) : null;
    return second ?? ['no culprit is named: the snapshots show no class that grew'];
  } catch (error) {
    return [`no culprit is named: ${messageOf(error)}`];
  } finally {
    if (dir !== '') rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * @typedef {object} Look
 * @property {number} calls
 * @property {number} rate bytes per call
 * @property {Finding[]} findings
 * @property {boolean} isOfV8 whether there were others, of V8's own
 * @property {import('../../index').HeapDiff['classes']} classes
 * @property {string | null} site of most of what stays
 */

/**
 * Two snapshots around some calls.
 *
 * @param {() => unknown} fn
 * @param {import('../measure/options').CheckedMeasureOptions} options
 * @param {number} count
 * @param {string} dir
 * @param {InstanceType<typeof Settler>} settler
 * @returns {Promise<Look>}
 */
async function look(fn, options, count, dir, settler) {
  const { signal } = options;
  const before = await snapshot(path.join(dir, `${count}-before.heapsnapshot`), signal);
  await settler.settle(0);
  const fromBytes = usedBytes();
  const sites = new AllocationSites();
  sites.begin();
  let calls;
  let site;
  try {
    calls = (await new Calls(fn, options).run(count)).made;
    await settler.settle(0);
  } finally {
    site = sites.end();
  }
  await settler.settle(0); // what the profiler held
  const rate = (usedBytes() - fromBytes) / calls;
  const after = await snapshot(path.join(dir, `${count}-after.heapsnapshot`), signal);
  const { findings: all, classes } = await compare([before.path, after.path], DEFAULT_LIMIT, { signal }, true);
  const findings = all.filter((/** @type {Finding} */ finding) => !isOfV8(finding));
  return { calls, rate, findings, isOfV8: all.length > findings.length, classes, site };
}

/**
 * @param {Look} seen
 * @param {import('../../index').Retention} found
 * @returns {string[] | null} null: nothing to tell
 */
function tell({ calls, rate, findings, classes, site }, found) {
  // One array that got more room, while the heap stayed as it was, is a cache that was full by then.
  const isTold = findings.some(({ countDelta }) => countDelta >= leastCount(calls));
  if (findings.length === 0 || !(isTold || rate >= found.toleranceBytes / 2)) return null;
  const [first, ...others] = growing(findings, calls).slice(0, SHOWN);
  return [line(first, calls, site), ...company(first, classes, calls), ...others.map((finding) => line(finding, calls, null))];
}

/**
 * Where no class grew, it may be what V8 keeps of compiled code: Node 26 forgets none of it in the collections that are asked for, only when memory is short. That is said
 * before either reading.
 *
 * @param {() => unknown} fn
 * @param {import('../measure/options').CheckedMeasureOptions} options
 * @param {number} count of calls
 * @param {number} leastRate
 */
async function isCompiledCode(fn, options, count, leastRate) {
  const settler = new Settler();
  collectThoroughly();
  await settler.settle(0);
  const fromBytes = usedBytes();
  const { made: calls } = await new Calls(fn, options).run(count);
  collectThoroughly();
  await settler.settle(0);
  return (usedBytes() - fromBytes) / calls < leastRate;
}

/**
 * What V8 keeps for itself: its coverage holds each script that was ever loaded, so modules that are loaded anew grow with each call.
 *
 * @param {Finding} finding
 */
const isOfV8 = ({ className, holder }) => className.startsWith('(') && holder.includes('(V8: (GC roots))');

/**
 * Whether it stops growing when it has been called some thousand times. The reading before may have been at the top of a tooth, and the one after it at the bottom.
 *
 * @param {() => unknown} fn
 * @param {import('../measure/options').CheckedMeasureOptions} options
 * @param {import('../../index').Retention} found
 * @param {number} swingBytes
 * @param {InstanceType<typeof Settler>} settler
 */
async function hasFilled(fn, options, { retainedBytesPerCall, totalMs, calls }, swingBytes, settler) {
  const missing = FILL_CALLS - calls;
  if (missing <= 0 || missing * (totalMs / calls) > FILL_MS || missing * retainedBytesPerCall > MOST_BYTES) return false;
  const fromBytes = usedBytes();
  const { made } = await new Calls(fn, options).run(missing);
  await settler.settle(0);
  return (usedBytes() - fromBytes + swingBytes) / made < GOES_ON * retainedBytesPerCall;
}

/**
 * @param {string} file
 * @param {AbortSignal} [signal]
 */
const snapshot = (file, signal) => snapshots.takeSnapshot({ mode: 'fork', path: file, signal }, undefined, true);

/** @param {import('../../index').Retention} found */
const wantedCalls = ({ retainedBytesPerCall: bytes }) => Math.min(MOST_CALLS, Math.max(FEWEST_CALLS, Math.ceil(WANTED_BYTES / Math.max(1, bytes))));

/**
 * As many of them as memory and time allow.
 *
 * @param {import('../../index').Retention} found
 * @param {number} wanted
 */
function callsFor({ retainedBytesPerCall, totalMs, calls }, wanted) {
  const bytes = Math.max(1, retainedBytesPerCall);
  return Math.max(1, Math.floor(Math.min(wanted, MOST_BYTES / bytes, MOST_MS / (totalMs / calls))));
}

/** @typedef {{ className: string, countDelta: number, holder: string, path: string[] }} Finding */

/**
 * @param {Finding} finding
 * @param {number} calls
 * @param {string | null} site of most of what stays
 */
function line({ className, countDelta, holder, path: holders }, calls, site) {
  const where = site !== null ? `   allocated at ${site}` : '';
  // The holder in words; the path begins with what called the test.
  const held = holder === '' ? holders.join(' → ') : holder;
  return `+${(countDelta / calls).toFixed(2)} per call  ${className}${where}   held by: ${held.trim()}`;
}

/** @param {number} calls */
const leastCount = (calls) => Math.max(2, calls * LEAST_RATE);

/**
 * What became more by one or two, however large, is no matter of the calls, if anything else is.
 *
 * @param {Finding[]} findings
 * @param {number} calls
 */
function growing(findings, calls) {
  const found = findings.filter(({ countDelta }) => countDelta >= leastCount(calls));
  return found.length > 0 ? found : findings;
}

/**
 * What became more along with it: of a listener, a timer or a promise that stays, what it was made for says more than itself.
 *
 * @param {Finding} finding
 * @param {import('../../index').HeapDiff['classes']} classes
 * @param {number} calls
 */
function company({ className, countDelta }, classes, calls) {
  const grown = classes.filter(({ name, countDelta: count, sizeDelta }) => sizeDelta > 0 && count >= Math.max(countDelta * AS_MANY, calls * LEAST_RATE) && name !== className && !UNTOLD.test(name));
  // A class of the application's own before what everything is made of.
  const told = [...grown.filter(({ name }) => !COMMON.test(name)), ...grown.filter(({ name }) => COMMON.test(name))].slice(0, COMPANY);
  return told.length === 0 ? [] : [`  with it, per call: ${told.map(({ name, countDelta: count }) => `+${(count / calls).toFixed(2)} ${name}`).join(', ')}`];
}

module.exports = { culprits };
