'use strict';

// What a failed assertion says. Read in CI logs: one form, the figures that decided, and no colour but on a terminal.

const v8 = require('node:v8');

const { palette, wantsColour } = require('../terminal/colour.js');
const { formatMs, formatPercent } = require('../terminal/units.js');

/** @typedef {import('../../index').Retention} Retention */

const paint = palette(wantsColour(process.stdout) && wantsColour(process.stderr));

/** A rate that a person can relate to. */
const CALLS_PER_SECOND = 100;

/** @param {number} value */
const bytes = (value) => (Number.isFinite(value) ? `${Math.round(value).toLocaleString('en-US')} B` : 'unknown');

/** @param {[number, number]} interval */
const range = ([low, high]) => (!Number.isFinite(low) || !Number.isFinite(high)) ? 'unknown' : `${Math.round(low).toLocaleString('en-US')}–${Math.round(high).toLocaleString('en-US')}`;

/** @param {Function} fn */
const nameOf = (fn) => (fn.name ? `${fn.name.replace(/^bound /, '')}()` : 'the function');

/**
 * @param {Function} fn
 * @param {Retention} found
 * @param {string} [comment]
 */
function headline(fn, found, comment = found.reason) {
  const { retainedBytesPerCall, interval, rounds, callsPerRound } = found;
  return `${paint.bold(`${nameOf(fn)} retains ${bytes(retainedBytesPerCall)} per call`)} `
    + `(99 % interval ${range(interval)}; ${rounds} rounds of ${callsPerRound} calls; ${comment})`;
}

/** Where it lies, and where it ends. @param {Retention} found */
function outlook({ retainedBytesPerCall: total, heapBytesPerCall: heap, externalBytesPerCall: external }) {
  const heapShare = Math.min(1, Math.max(0, heap / total));
  const place = `  heap ${Math.round(heapShare * 100)} %, external ${100 - Math.round(heapShare * 100)} %`;
  // What is outside of V8's heap has no limit of its own.
  if (heap <= 0 || heapShare < 0.5) return `${place}; at ${CALLS_PER_SECOND} calls/s that is ${bytes(external * CALLS_PER_SECOND)}/s`;
  const { heap_size_limit: limit, used_heap_size: used } = v8.getHeapStatistics();
  return `${place}; at ${CALLS_PER_SECOND} calls/s the heap limit is reached in ${formatMs(((limit - used) / (heap * CALLS_PER_SECOND)) * 1000)}`;
}

/** Of what is called a leak first, and acquitted. */
const LATE = 'it grew while it was measured, but not in the calls after that, and a second measurement was not clean either';

/**
 * @param {Function} fn
 * @param {Retention} found
 * @param {number} maxMs what there was
 */
function inconclusive(fn, found, maxMs) {
  const { detectableBytesPerCall, toleranceBytes, calls, totalMs } = found;
  // The interval narrows with the number of rounds to the power of 1.5, and with the calls in them.
  const factor = Number.isFinite(detectableBytesPerCall) ? Math.max(2, (detectableBytesPerCall - toleranceBytes) / (toleranceBytes / 2)) : 4;
  const wanted = Math.ceil((calls * Math.min(factor, 100)) / 100) * 100;
  // It may have ended before its time.
  const wantedMs = Math.max(2 * maxMs, Math.ceil((totalMs * Math.min(factor, 100)) / 1000) * 1000);
  return `${nameOf(fn)}: whether it leaks is not known: ${found.reason} (${bytes(found.retainedBytesPerCall)} per call, 99 % interval ${range(found.interval)}; `
    + `the smallest leak that would have been seen: ${bytes(detectableBytesPerCall)}; ${calls} calls in ${formatMs(totalMs)}). `
    + `It would take some ${wanted.toLocaleString('en-US')} calls: set maxMs to ${wantedMs}`;
}

module.exports = { LATE, bytes, range, nameOf, headline, outlook, inconclusive, paint, formatMs, formatPercent };
