'use strict';

const { expressTable } = require('../express/summary.js');
const { median, quantile } = require('../lib/statistics.js');
const { table } = require('../lib/table.js');

/**
 * @typedef {import('./run').PartsResult} PartsResult
 * @typedef {import('./run').ExpressResult} ExpressResult
 */

/** The native part of a request, in ns, on average over requests at which allocation is counted and those at which it is not. */
const ALLOWED_NS = 1_000;

/** Of the requests, by default. */
const COUNTED = 0.05;

const PARTS = {
  call: 'a call into native code that does nothing',
  read: 'GC time read',
  count: 'allocation counted',
  sums: 'all of both with the sums, as it is by default',
};

/**
 * GC time at the beginning, for the head and at the end; allocation counted twice, at some requests.
 *
 * @param {PartsResult} result
 */
function nativeNs({ times }) {
  const clock = median(times.clock);
  const of = (/** @type {string} */ part) => Math.max(0, median(times[part]) - clock);
  return 3 * of('read') + COUNTED * 2 * of('count');
}

/** @param {PartsResult} result */
const judge = (result) => nativeNs(result) <= ALLOWED_NS;

/**
 * @param {(PartsResult | ExpressResult)[]} results
 * @returns {string}
 */
function requestTimingTable(results) {
  const parts = results.flatMap((result) => ('times' in result ? [result] : []));
  const servers = results.flatMap((result) => ('pairs' in result ? [result] : []));
  const us = (/** @type {number} */ ns) => (Math.max(0, ns) / 1000).toFixed(2);
  const rows = parts.flatMap((result) => {
    const { times, circumstances } = result;
    const clock = median(times.clock);
    return [
      ...Object.entries(PARTS).map(([part, title], at) => [
        at === 0 ? circumstances.node : '', title, us(median(times[part]) - clock), us(quantile(times[part], 0.95) - clock), '',
      ]),
      ['', '**native part of a request**', us(nativeNs(result)), '', judge(result) ? 'met' : 'missed'],
    ];
  });
  return [
    ...(parts.length > 0 ? [table(['Node', 'µs, inside a request', 'median', '95 %', 'goal'], rows)] : []),
    ...(servers.length > 0 ? [expressTable(servers)] : []),
  ].join('\n\n');
}

module.exports = { requestTimingTable, judge };
