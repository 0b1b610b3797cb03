'use strict';

const { median } = require('../lib/statistics.js');
const { table } = require('../lib/table.js');

/** @typedef {import('./run').SnapshotResult} SnapshotResult */

const MB = 1024 * 1024;

/** @param {SnapshotResult[]} results */
function snapshotTable(results) {
  const inMb = (/** @type {number} */ bytes) => (bytes / MB).toFixed(0);
  const rows = results.flatMap(({ circumstances, heaps }) => heaps.map(({ kind, mb, rss, forked, inProcessMs, peaks, spawnMs, scavengeMs, failure, stallsMs = [] }) => {
    const pausesMs = stallsMs.length > 0 ? stallsMs : forked.map((each) => each.pauseMs);
    const [pauseMs, worstMs] = [median(pausesMs), Math.max(...pausesMs)];
    if (failure !== undefined) return [circumstances.node, `${mb} MB ${kind}`, inMb(rss), `${pauseMs.toFixed(1)} (${worstMs.toFixed(1)})`, '–', '–', `${failure}: 24 GB were not enough`, '–', '–', '–', '–'];
    return [
      circumstances.node, `${mb} MB ${kind}`, inMb(rss), `${pauseMs.toFixed(1)} (${worstMs.toFixed(1)})`, inProcessMs.toFixed(0), `${(pauseMs / inProcessMs * 100).toFixed(2)} %`,
      (median(forked.map((each) => each.totalMs)) / 1000).toFixed(1),
      `${inMb(peaks.fork)} + ${inMb(peaks.forkChild)}`, inMb(peaks.inProcess),
      `${spawnMs.before.toFixed(1)} → ${spawnMs.afterFork.toFixed(1)}`,
      // Null: there was none to be measured.
      [scavengeMs.before, scavengeMs.afterFork, scavengeMs.afterInProcess].map((ms) => ms?.toFixed(2) ?? '–').join(' → '),
    ];
  }));
  return table(['Node', 'heap', 'RSS, MB', 'pause by fork, ms (the longest)', 'in-process, ms', 'ratio', 'fork, total s', 'peak above RSS by fork: own + child, MB', 'in-process, MB', 'spawn before → after fork, ms', 'scavenge before → after fork → after in-process, ms'], rows);
}

module.exports = { snapshotTable };
