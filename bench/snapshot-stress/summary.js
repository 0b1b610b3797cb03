'use strict';

const { median, quantile } = require('../lib/statistics.js');
const { table } = require('../lib/table.js');

/** @typedef {import('./run').StressResult} StressResult */

/** The share that must be valid. */
const MUST = 0.99;

/** @param {StressResult} result */
function judge({ circumstances, rounds }) {
  const complaints = [];
  for (const { mb, taken, valid, invalid, failures, filesLeft, zombies } of rounds) {
    const name = `Node ${circumstances.node}, ${mb} MB`;
    if (valid < MUST * taken) complaints.push(`${name}: ${valid} of ${taken} snapshots are valid`);
    if (invalid > 0) complaints.push(`${name}: ${invalid} were called complete and are not valid`);
    for (const failure of Object.keys(failures)) if (failure.startsWith('untyped')) complaints.push(`${name}: ${failure}`);
    if (filesLeft > 0 || zombies > 0) complaints.push(`${name}: ${filesLeft} files and ${zombies} child processes are left`);
  }
  return complaints;
}

/** @param {StressResult[]} results */
function stressTable(results) {
  const rows = results.flatMap(({ circumstances, rounds }) => rounds.map(({ mb, taken, valid, failures, pausesMs, totalsMs, filesLeft, zombies }) => [
    circumstances.node,
    `${mb} MB`,
    taken,
    `${(valid / taken * 100).toFixed(1)} %`,
    Object.entries(failures).map(([failure, count]) => `${count} × ${failure}`).join(', ') || 'none',
    filesLeft + zombies,
    median(pausesMs).toFixed(1),
    quantile(pausesMs, 0.99).toFixed(1),
    (median(totalsMs) / 1000).toFixed(1),
  ]));
  return table(['Node', 'heap', 'taken', 'valid', 'typed errors', 'left behind', 'pause, median ms', '99 % ms', 'total, median s'], rows);
}

module.exports = { judge, stressTable };
