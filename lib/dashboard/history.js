'use strict';

const { packColumn } = require('./pack.js');

/** @typedef {import('../../index').TimelinePoint} TimelinePoint */
/** @typedef {import('../../index').Pause} Pause */

/** What the page draws of a timeline's point: sizes as they were at its end, the rest summed over it. */
const GAUGES = /** @type {const} */ (['rss', 'heapUsed', 'youngUsed', 'oldSpaceUsed', 'largeSpacesUsed', 'external', 'heapAfterLastMajorGc']);
const SUMS = /** @type {const} */ (['gcMs', 'allocatedBytes']);

/** Points of a range: all of the finest, of the others as many as a page of bounded size has room for. */
const MAX_POINTS = 600;
const MAX_COARSE_POINTS = 240;

/** GCs that a page begins with, one by one. */
const MAX_PAUSES = 300;

const KINDS = /** @type {const} */ (['minor', 'major', 'incremental', 'weak']);

/**
 * The timeline's tiers as the page takes them, thinned out where they have more points than it can draw.
 *
 * @param {import('../../index').Timeline} timeline
 */
function packTimeline({ tiers }) {
  return tiers.map(({ intervalMs, points: all }) => {
    const times = Math.ceil(Math.max(1, all.length / (intervalMs === 1000 ? MAX_POINTS : MAX_COARSE_POINTS)));
    const points = times === 1 ? all : thinned(all, times);
    /** @type {Record<string, import('./pack').Column>} */
    const columns = { timeMs: packColumn(points.map(({ timeMs }) => timeMs), { width: 3, fromZero: false }) };
    for (const name of [...GAUGES, ...SUMS, /** @type {const} */ ('maxPauseMs')]) columns[name] = packColumn(points.map((point) => point[name]));
    return { intervalMs: intervalMs * times, spanMs: intervalMs * capacityOf(intervalMs), columns };
  });
}

/** As long as the timeline reaches back. @param {number} intervalMs */
function capacityOf(intervalMs) {
  return intervalMs === 1000 ? 600 : intervalMs === 10_000 ? 720 : 2016;
}

/**
 * @param {TimelinePoint[]} points
 * @param {number} times
 * @returns {TimelinePoint[]}
 */
function thinned(points, times) {
  const result = [];
  for (let from = 0; from < points.length; from += times) {
    const group = points.slice(from, from + times);
    const one = { ...group[group.length - 1] };
    for (const name of SUMS) one[name] = group.reduce((sum, point) => sum + point[name], 0);
    one.maxPauseMs = Math.max(...group.map((point) => point.maxPauseMs));
    result.push(one);
  }
  return result;
}

/** @param {Pause[]} all oldest first */
function packPauses(all) {
  const pauses = all.slice(-MAX_PAUSES);
  return {
    kinds: pauses.map(({ kind }) => KINDS.indexOf(kind)).join(''),
    columns: {
      timeMs: packColumn(pauses.map(({ timeMs }) => timeMs), { width: 4, fromZero: false }),
      pauseMs: packColumn(pauses.map(({ pauseMs }) => pauseMs), { width: 3 }),
      heapUsedAfter: packColumn(pauses.map((pause) => after(pause))),
    },
  };
}

/** One GC as a row. @param {Pause} pause */
function row(pause) {
  return [pause.timeMs, pause.pauseMs, KINDS.indexOf(pause.kind), after(pause)];
}

/** Only a major GC leaves behind what is alive. @param {Pause} pause */
function after({ kind, heapUsedAfter }) {
  return kind === 'major' && heapUsedAfter > 0 ? heapUsedAfter : null;
}

module.exports = { packTimeline, packPauses, row };
