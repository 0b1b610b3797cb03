'use strict';

const { PROGRAMS } = require('../assertions/summary.js');
const { table } = require('../lib/table.js');

/** @typedef {import('./run').CompareResult} CompareResult */

/** @param {CompareResult[]} results */
function compareTable(results) {
  return results.map(({ circumstances, answers, load }) => {
    const rows = [...new Set(answers.map(({ contender }) => contender))].map((contender) => {
      const own = answers.filter((answer) => answer.contender === contender).map((answer) => ({ ...answer, leaks: PROGRAMS.find(({ name }) => name === answer.program)?.leaks }));
      const count = (/** @type {boolean} */ leaks, /** @type {string} */ verdict) => own.filter((answer) => answer.leaks === leaks && answer.verdict === verdict).length;
      const of = (/** @type {boolean} */ leaks) => own.filter((answer) => answer.leaks === leaks).length;
      const times = own.map(({ ms }) => ms).sort((a, b) => a - b);
      return [contender, own.length, `${count(true, 'leak')} of ${of(true)}`, `${count(false, 'leak')} of ${of(false)}`, own.filter(({ verdict }) => verdict === 'inconclusive').length, own.filter(({ verdict }) => verdict === 'error').length, `${(times[times.length >> 1] / 1000).toFixed(1)} s`];
    });
    return `**Node ${circumstances.node}**, load ${load}\n\n${table(['', 'programs', 'leaks found', 'clean ones accused', 'inconclusive', 'errors', 'median'], rows)}`;
  }).join('\n\n');
}

module.exports = { compareTable };
