'use strict';

/** @typedef {import('../../index').TimelinePoint} TimelinePoint */
/** @typedef {import('../../index').Sample} Sample */
/** @typedef {import('../../index').Pause} Pause */

/** Ten minutes of seconds, two hours of ten seconds, a week of five minutes; as in the native part. */
const TIERS = /** @type {const} */ ([[1000, 600], [10_000, 720], [300_000, 2016]]);

/** The timeline: one point an interval, in three grains, each of bounded length. */
class Tiers {
  #tiers = TIERS.map(([intervalMs, capacity]) => ({ intervalMs, capacity, points: /** @type {TimelinePoint[]} */ ([]) }));

  /**
   * @param {Sample} sample
   */
  addSample({ timeMs, ...gauges }) {
    for (const tier of this.#tiers) {
      const point = pointAt(tier, timeMs);
      Object.assign(point, gauges); // the newest value of an interval stands for it
    }
  }

  /** @param {Pause} pause */
  addPause({ kind, timeMs, pauseMs }) {
    for (const tier of this.#tiers) {
      const point = pointAt(tier, timeMs);
      point.gcCount += 1;
      if (kind === 'major') point.majorCount += 1;
      point.gcMs += pauseMs;
      point.maxPauseMs = Math.max(point.maxPauseMs, pauseMs);
    }
  }

  /**
   * Summed from the finest tier, so in whole seconds; it reaches back ten minutes.
   *
   * @param {'gcMs'} field
   * @param {number} sinceMs
   */
  sumSince(field, sinceMs) {
    const points = this.#tiers[0].points;
    let sum = 0;
    for (let i = points.length - 1; i >= 0 && points[i].timeMs >= sinceMs; i -= 1) sum += points[i][field];
    return sum;
  }

  /**
   * Finished intervals only, known by their end, as in the native part.
   *
   * @param {number} nowMs
   * @returns {import('../../index').Timeline}
   */
  toTimeline(nowMs) {
    return {
      tiers: this.#tiers.map(({ intervalMs, points }) => ({
        intervalMs,
        points: points.map((point) => ({ ...point, timeMs: point.timeMs + intervalMs })).filter(({ timeMs }) => timeMs <= nowMs),
      })),
    };
  }
}

/**
 * The point of an interval, made if need be. GC entries arrive late and after newer samples, so it is
 * looked for from the end.
 *
 * @param {{ intervalMs: number, capacity: number, points: TimelinePoint[] }} tier
 * @param {number} timeMs
 */
function pointAt({ intervalMs, capacity, points }, timeMs) {
  const start = Math.floor(timeMs / intervalMs) * intervalMs;
  let i = points.length;
  while (i > 0 && points[i - 1].timeMs > start) i -= 1;
  if (i > 0 && points[i - 1].timeMs === start) return points[i - 1];
  const before = points[i - 1] ?? points[i];
  const point = {
    timeMs: start,
    rss: before?.rss ?? 0,
    heapTotal: before?.heapTotal ?? 0,
    heapUsed: before?.heapUsed ?? 0,
    youngUsed: before?.youngUsed ?? 0,
    oldSpaceUsed: before?.oldSpaceUsed ?? 0,
    largeSpacesUsed: before?.largeSpacesUsed ?? 0,
    external: before?.external ?? 0,
    heapAfterLastMajorGc: null,
    gcCount: 0,
    majorCount: 0,
    gcMs: 0,
    maxPauseMs: 0,
    allocatedBytes: 0,
    promotedBytes: 0,
  };
  points.splice(i, 0, point);
  if (points.length > capacity) points.shift();
  return point;
}

module.exports = { Tiers };
