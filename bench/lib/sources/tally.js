'use strict';

const { constants } = require('node:perf_hooks');

/**
 * @typedef {'minor' | 'major' | 'incremental' | 'weak' | 'undefined'} Kind
 * @typedef {{ count: number, totalMs: number }} Tally
 * @typedef {Partial<Record<Kind, Tally>>} Tallies  what a source counted, by kind
 */

/** V8's GCType, as Node and the addons name it, to heapwatch's kinds. @type {Record<string, Kind>} */
const KINDS = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  2: 'minor', // minor mark-sweep (--minor-ms)
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weak',
  Scavenge: 'minor',
  MinorMarkCompact: 'minor',
  MinorMarkSweep: 'minor',
  MarkSweepCompact: 'major',
  IncrementalMarking: 'incremental',
  ProcessWeakCallbacks: 'weak',
  scavenge: 'minor',
  minor_mark_compact: 'minor',
  minor_mark_sweep: 'minor',
  mark_sweep_compact: 'major',
  incremental_marking: 'incremental',
  process_weak_callbacks: 'weak',
  weakcb: 'weak',
  minor: 'minor',
  major: 'major',
  incremental: 'incremental',
  weak: 'weak',
};

/**
 * @param {Tallies} tallies
 * @param {string | number} kind  in the source's own words
 * @param {number} totalMs
 * @param {number} [count]
 */
function add(tallies, kind, totalMs, count = 1) {
  const tally = tallies[KINDS[kind] ?? 'undefined'] ??= { count: 0, totalMs: 0 };
  tally.count += count;
  tally.totalMs += totalMs;
}

/**
 * @param {Tallies} after
 * @param {Tallies} before
 * @returns {Tallies} what came between two readings
 */
function subtract(after, before) {
  /** @type {Tallies} */
  const between = {};
  for (const [kind, { count, totalMs }] of Object.entries(after)) {
    const earlier = before[/** @type {Kind} */ (kind)];
    add(between, kind, totalMs - (earlier?.totalMs ?? 0), count - (earlier?.count ?? 0));
  }
  return between;
}

module.exports = { add, subtract };
