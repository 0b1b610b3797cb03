'use strict';

const { table } = require('../lib/table.js');

/** @typedef {import('./run').BlockedResult} BlockedResult */

/** Of the 1 s tier in 5 s. */
const REQUIRED_POINTS = 4;

/** The sampling interval, and as much again for a busy machine. */
const ALLOWED_SAMPLE_AGE_MS = 2_000;

/**
 * @param {BlockedResult} result
 * @returns {string[]} what is not as it should be
 */
function judge({ points, seen }) {
  const complaints = [];
  if (points.length < REQUIRED_POINTS) complaints.push(`the timeline has ${points.length} points in the blocked time, not ${REQUIRED_POINTS}`);
  if (seen.length < 10) complaints.push(`the worker saw the main thread ${seen.length} times only`);
  const standstill = seen.findIndex(({ gcs }, i) => i >= 4 && gcs <= seen[i - 4].gcs);
  if (standstill >= 0) complaints.push(`the GC count stood still at ${seen[standstill].atMs} ms`);
  const stale = seen.find(({ sampleAgeMs }) => sampleAgeMs > ALLOWED_SAMPLE_AGE_MS);
  if (stale) complaints.push(`the sample was ${stale.sampleAgeMs} ms old at ${stale.atMs} ms`);
  return complaints;
}

/**
 * @param {BlockedResult[]} results
 * @returns {string}
 */
function blockedTable(results) {
  const rows = results.map(({ circumstances, startMs, endMs, gcs, points, seen, peersBlocked, peersAfter }) => [
    circumstances.node,
    ((endMs - startMs) / 1e3).toFixed(1),
    gcs,
    points.length,
    seen.length > 0 ? `${seen[0].gcs} … ${seen[seen.length - 1].gcs}` : '–',
    Math.max(...seen.map(({ sampleAgeMs }) => sampleAgeMs)).toFixed(0),
    ...Object.keys(peersAfter).map((peer) => `${peersBlocked[peer]} / ${peersAfter[peer]}`),
  ]);
  const peers = Object.keys(results[0].peersAfter).map((peer) => `${peer}: meanwhile / after`);
  return table(['Node', 'blocked s', 'GCs', 'timeline points', 'GC count seen by a worker', 'oldest sample, ms', ...peers], rows);
}

module.exports = { blockedTable, judge };
