'use strict';

const { table } = require('../lib/table.js');

/** @typedef {import('./run').LatencyResult} LatencyResult */

/** @param {LatencyResult[]} results */
function latencyTable(results) {
  const rows = results.flatMap(({ circumstances, mb, ways }) => ways.map(({ way, snapshotMs, latencyMs: { p50, p99, p999, max }, errors }) => [
    circumstances.node, `${mb} MB`, way, (snapshotMs / 1e3).toFixed(1), ...[p50, p99, p999, max].map((ms) => ms.toFixed(0)), String(errors),
  ]));
  return table(['Node', 'heap', 'snapshot', 'takes, s', 'p50, ms', 'p99, ms', 'p99.9, ms', 'max, ms', 'errors'], rows);
}

module.exports = { latencyTable };
