'use strict';

const { bootstrap, mean, median } = require('../lib/statistics.js');
const { table } = require('../lib/table.js');

/** @typedef {import('./run').ExpressResult} ExpressResult */

/** The upper 95 % bound of the ratio of CPU per request. */
const ALLOWED_RATIO = 1.02;

/**
 * @param {ExpressResult} result
 */
function judge({ configuration, pairs }) {
  const cpu = ratio(pairs.map(({ a, b }) => b.cpuUsPerRequest / a.cpuUsPerRequest));
  const p99 = ratio(pairs.map(({ a, b }) => b.p99Ms / a.p99Ms));
  return { cpu, p99, good: !configuration.judged || (cpu.upper <= ALLOWED_RATIO && p99.lower <= 1) };
}

/**
 * The geometric mean of ratios, and its bounds by bootstrap, each one-sided at 95 %.
 *
 * @param {number[]} ratios
 */
function ratio(ratios) {
  const geometricMean = (/** @type {number[]} */ logs) => Math.exp(mean(logs));
  const logs = ratios.map(Math.log);
  const [lower, upper] = bootstrap(logs, geometricMean, { level: 0.9 });
  return { mean: geometricMean(logs), lower, upper };
}

/**
 * @param {ExpressResult[]} results
 * @returns {string}
 */
function expressTable(results) {
  const rows = results.flatMap((result) => {
    const { configuration: { title, flags, judged }, pairs } = result;
    const { cpu, p99, good } = judge(result);
    const of = (/** @type {(measured: import('./run').Measured) => number} */ pick, /** @type {number} */ digits) =>
      [median(pairs.map(({ a }) => pick(a))).toFixed(digits), median(pairs.map(({ b }) => pick(b))).toFixed(digits)];
    const bounds = (/** @type {{ mean: number, lower: number, upper: number }} */ r) => [r.mean, r.lower, r.upper].map((value) => value.toFixed(3));
    return [
      [title, flags.length > 0 ? '16 MB' : 'default', 'CPU µs per request', ...of(({ cpuUsPerRequest }) => cpuUsPerRequest, 1), ...bounds(cpu), judged ? (good ? 'met' : 'missed') : ''],
      ['', '', 'p99 latency, ms', ...of(({ p99Ms }) => p99Ms, 2), ...bounds(p99), ''],
    ];
  });
  const { circumstances, requests, pairs } = results[0];
  return [
    `Node ${circumstances.node}, ${pairs.length} pairs, ${requests} requests per server and pair`,
    '',
    table(['servers B / A', 'young generation', '', 'A', 'B', 'B / A', 'lower 95 %', 'upper 95 %', 'goal'], rows),
  ].join('\n');
}

module.exports = { expressTable, judge };
