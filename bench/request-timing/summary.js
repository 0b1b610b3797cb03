'use strict';

const { expressTable } = require('../express/summary.js');
const { median, quantile } = require('../lib/statistics.js');
const { table } = require('../lib/table.js');

/**
 * @typedef {import('./run').PartsResult} PartsResult
 * @typedef {import('./run').ExpressResult} ExpressResult
 */

/** The native part of a request, in ns of CPU time, by the median batch. */
const ALLOWED_NS = 1_000;

/** @param {PartsResult} result */
function judge({ batches }) {
  const judged = Object.keys(batches).find((name) => name.startsWith('native part:'));
  return judged !== undefined && median(batches[judged]) <= ALLOWED_NS;
}

/**
 * @param {(PartsResult | ExpressResult)[]} results
 * @returns {string}
 */
function requestTimingTable(results) {
  const parts = results.flatMap((result) => ('batches' in result ? [result] : []));
  const servers = results.flatMap((result) => ('pairs' in result ? [result] : []));
  const rows = parts.flatMap((result) => Object.entries(result.batches).map(([name, ns], at) => [
    at === 0 ? result.circumstances.node : '',
    name,
    ...[quantile(ns, 0), median(ns), quantile(ns, 0.95)].map((value) => (value / 1000).toFixed(2)),
    name.startsWith('native part:') ? (judge(result) ? 'met' : 'missed') : '',
  ]));
  return [
    ...(parts.length > 0 ? [table(['Node', 'CPU µs a request', 'least', 'median', '95 %', 'goal'], rows)] : []),
    ...(servers.length > 0 ? [expressTable(servers)] : []),
  ].join('\n\n');
}

module.exports = { requestTimingTable, judge };
