'use strict';

// Who leaks: two snapshots around a further series of calls, compared. Only for a test that fails anyway. A forked copy takes them, so that the
// test's process is not scarred. The parts that take and compare are looked for when needed: without them the message says why it names nobody.

const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');

const { messageOf } = require('../errors.js');
const { Calls } = require('../measure/calls.js');
const { Settler } = require('../measure/settle.js');

/** A count per call is exact with these few, and the snapshots stay alike. */
const CALLS = 100;

/** What the calls may leave behind. */
const MOST_BYTES = 64 * 1024 * 1024;

/** The first few say it; the rest are parts of them. */
const SHOWN = 3;

/**
 * Lines for the message.
 *
 * @param {() => unknown} fn
 * @param {import('../measure/options').CheckedMeasureOptions} options
 * @param {import('../../index').Retention} found
 * @returns {Promise<string[]>}
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
    const count = Math.max(1, Math.min(CALLS, Math.floor(MOST_BYTES / Math.max(1, found.retainedBytesPerCall))));
    await settler.settle(0);
    const before = await snapshot({ mode: 'fork', path: path.join(dir, 'before.heapsnapshot') });
    const calls = await new Calls(fn, options).run(count);
    await settler.settle(0);
    const after = await snapshot({ mode: 'fork', path: path.join(dir, 'after.heapsnapshot') });
    const { findings } = await diff(before.path, after.path);
    if (findings.length === 0) return ['no culprit is named: the snapshots show no class that grew'];
    return findings.slice(0, SHOWN).map((/** @type {Finding} */ finding) => line(finding, calls));
  } catch (error) {
    return [`no culprit is named: ${messageOf(error)}`];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** @typedef {{ className: string, countDelta: number, holder: string, path: string[], site?: string | null }} Finding */

/**
 * @param {Finding} finding
 * @param {number} calls
 */
function line({ className, countDelta, holder, path: holders, site }, calls) {
  const where = site ? `   allocated at ${site}` : '';
  // The holder in words; the path begins with what called the test.
  const held = holder === '' ? holders.join(' → ') : holder;
  return `+${(countDelta / calls).toFixed(2)} per call  ${className}${where}   held by: ${held}`;
}

module.exports = { culprits };
