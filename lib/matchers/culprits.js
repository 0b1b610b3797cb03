'use strict';

// Who leaks: two snapshots around a further series of calls, compared. Only for a test that fails anyway. A forked copy takes them, so that the
// test's process is not scarred. The parts that take and compare are looked for when needed: without them the message says why it names nobody.

const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');

const { messageOf } = require('../errors.js');
const { Calls } = require('../measure/calls.js');
const { Settler, usedBytes } = require('../measure/settle.js');
const { AllocationSites } = require('./allocation-site.js');

/** A count per call is exact with these few, and the snapshots stay alike. */
const FEWEST_CALLS = 100;

/** More are made where a call leaves little: what is less than some kilobytes in all is not looked at. */
const WANTED_BYTES = 128 * 1024;
const MOST_CALLS = 2000;

/** What the calls may leave behind. */
const MOST_BYTES = 64 * 1024 * 1024;

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

/**
 * Lines for the message; null: nothing grew any more, neither a class nor the heap, so what was measured was a warm-up that ended late.
 *
 * @param {() => unknown} fn
 * @param {import('../measure/options').CheckedMeasureOptions} options
 * @param {import('../../index').Retention} found
 * @returns {Promise<string[] | null>}
 */
async function culprits(fn, options, found) {
  const parts = /** @type {{ snapshot?: Function, diff?: Function }} */ (/** @type {unknown} */ (require('../../index.js')));
  const { snapshot, diff } = parts;
  if (typeof snapshot !== 'function' || typeof diff !== 'function') {
    return ['no culprit is named: this build has no heap snapshots to compare'];
  }
  const dir = mkdtempSync(path.join(tmpdir(), 'heapwatch-culprits-'));
  try {
    const settler = new Settler();
    await settler.settle(0);
    const before = await snapshot({ mode: 'fork', path: path.join(dir, 'before.heapsnapshot') });
    await settler.settle(0);
    const fromBytes = usedBytes();
    const sites = new AllocationSites();
    sites.begin();
    let site = null;
    let calls;
    try {
      calls = await new Calls(fn, options).run(callsFor(found));
      await settler.settle(0);
    } finally {
      site = sites.end();
    }
    await settler.settle(0); // what the profiler held
    const rate = (usedBytes() - fromBytes) / calls;
    const after = await snapshot({ mode: 'fork', path: path.join(dir, 'after.heapsnapshot') });
    const { findings, classes } = await diff(before.path, after.path);
    if (findings.length > 0) {
      const [first, ...others] = growing(findings, calls).slice(0, SHOWN);
      return [line(first, calls, site), ...company(first, classes, calls), ...others.map((/** @type {Finding} */ finding) => line(finding, calls, null))];
    }
    if (rate < Math.max(found.toleranceBytes, GOES_ON * found.retainedBytesPerCall)) return null;
    return ['no culprit is named: the snapshots show no class that grew'];
  } catch (error) {
    return [`no culprit is named: ${messageOf(error)}`];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** @param {import('../../index').Retention} found */
function callsFor({ retainedBytesPerCall, totalMs, calls }) {
  const bytes = Math.max(1, retainedBytesPerCall);
  const wanted = Math.min(MOST_CALLS, Math.max(FEWEST_CALLS, Math.ceil(WANTED_BYTES / bytes)));
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
  return `+${(countDelta / calls).toFixed(2)} per call  ${className}${where}   held by: ${held}`;
}

/**
 * What became more by one or two, however large, is no matter of the calls, if anything else is.
 *
 * @param {Finding[]} findings
 * @param {number} calls
 */
function growing(findings, calls) {
  const found = findings.filter(({ countDelta }) => countDelta >= Math.max(2, calls * LEAST_RATE));
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
