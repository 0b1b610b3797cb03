'use strict';

// From a timeline's points to one value a column.

/**
 * @typedef {import('../../index.js').Timeline} Timeline
 * @typedef {import('../../index.js').TimelinePoint} TimelinePoint
 * @typedef {Timeline['tiers'][number]} Tier
 */

/** How far back each tier reaches; past that the next one is the finest that still shows everything. */
const TIER_SPAN_MS = new Map([
  [1000, 10 * 60 * 1000],
  [10_000, 2 * 60 * 60 * 1000],
]);

/** Columns that one point takes at most: few points make a short chart, not a staircase of long steps. */
const MAX_STEP = 6;

/**
 * The finest tier that still reaches back to the start.
 *
 * @param {Timeline | null | undefined} timeline
 * @returns {Tier | null} null: nothing recorded yet
 */
function wholeLife(timeline) {
  const tiers = (timeline?.tiers ?? []).filter((tier) => tier.points.length > 0);
  if (tiers.length === 0) return null;
  tiers.sort((a, b) => a.intervalMs - b.intervalMs);
  const latestMs = Math.max(...tiers.map((tier) => lastOf(tier).timeMs));
  const spanMs = latestMs - Math.min(...tiers.map((tier) => tier.points[0].timeMs));
  // Tiers differ by up to an interval in where their first point lies: that is not more history.
  const reaches = (/** @type {Tier} */ tier) => {
    const own = latestMs - tier.points[0].timeMs;
    return own >= spanMs || own < (TIER_SPAN_MS.get(tier.intervalMs) ?? Infinity) * 0.95;
  };
  return tiers.find(reaches) ?? tiers[tiers.length - 1];
}

/**
 * Places points by their time on `width` columns. Where several fall into one column the largest counts, so that a
 * peak is never lost; a column between two neighbouring points repeats the earlier; one with no point near is null.
 *
 * @param {Tier} tier
 * @param {(point: TimelinePoint) => number | null} valueOf
 * @param {number} width at least 1
 * @returns {(number | null)[]}
 */
function toCells(tier, valueOf, width) {
  const { points, intervalMs } = tier;
  const startMs = points[0].timeMs;
  const spanMs = Math.max(lastOf(tier).timeMs - startMs, 0) + intervalMs;
  const columns = Math.max(1, Math.min(width, points.length * MAX_STEP));
  const columnOf = (/** @type {number} */ timeMs) =>
    Math.min(columns - 1, Math.max(0, Math.floor(((timeMs - startMs) / spanMs) * columns)));

  /** @type {(number | null)[]} */
  const cells = new Array(columns).fill(null);
  for (const point of points) {
    const value = valueOf(point);
    if (value === null || !Number.isFinite(value)) continue;
    const first = columnOf(point.timeMs);
    // The last column that begins before the point's interval ends.
    const end = Math.min(columns, Math.max(first + 1, Math.ceil(((point.timeMs + intervalMs - startMs) / spanMs) * columns)));
    for (let at = first; at < end; at += 1) cells[at] = Math.max(cells[at] ?? -Infinity, value);
  }
  return cells;
}

/**
 * @param {Tier} tier with at least one point
 * @returns {TimelinePoint}
 */
function lastOf(tier) {
  return tier.points[tier.points.length - 1];
}

/**
 * @param {'rss' | 'heapTotal' | 'heapUsed' | 'external'} name
 * @returns {(point: TimelinePoint) => number | null} a size; none of these is ever 0 where it was sampled
 */
function sizeOf(name) {
  return (point) => point[name] || null;
}

module.exports = { wholeLife, toCells, sizeOf };
