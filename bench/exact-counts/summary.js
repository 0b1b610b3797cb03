'use strict';

const { table } = require('../lib/table.js');
const { judge, REQUIRED_PERCENT } = require('./agreement.js');

/** @typedef {import('./run').ModeResult} ModeResult */

/**
 * @param {ModeResult} mode
 * @returns {string}
 */
function countsTable({ trace, sources, errors }) {
  const kinds = /** @type {const} */ (['minor', 'major', 'incremental', 'weak', 'undefined']);
  const shown = kinds.filter((kind) => [trace, ...Object.values(sources)].some((tallies) => tallies[kind]?.count));
  const row = (/** @type {string} */ name, /** @type {import('../lib/sources/tally').Tallies} */ tallies) =>
    [name, ...shown.flatMap((kind) => [tallies[kind]?.count ?? '–', tallies[kind]?.totalMs.toFixed(1) ?? '–'])];
  const rows = [row('--trace-gc', trace), ...Object.entries(sources).map(([name, tallies]) => row(name, tallies))];
  const failed = Object.entries(errors).map(([name, error]) => `\n${name}: does not run here: ${error}`);
  return [table(['source', ...shown.flatMap((kind) => [kind, 'ms'])], rows), ...failed].join('\n');
}

/**
 * @param {ModeResult} mode
 * @returns {string}
 */
function verdictLine(mode) {
  const { difference, compared, percent, medianDifferenceMs, good } = judge(mode);
  const signed = (/** @type {number} */ n) => n > 0 ? `+${n}` : String(n);
  return `heapwatch against --trace-gc: minor ${signed(difference.minor)}, major ${signed(difference.major)}; ` +
    `${percent.toFixed(2)} % of ${compared} pauses agree${mode.alone ? ` (at least ${REQUIRED_PERCENT} % must)` : ''}, ` +
    `median difference ${(1e3 * medianDifferenceMs).toFixed(0)} µs: ${good ? 'good' : 'OFF'}`;
}

module.exports = { countsTable, verdictLine };
