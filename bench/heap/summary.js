'use strict';

const { table } = require('../lib/table.js');

const size = (/** @type {number} */ bytes) => (bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(2)} GB`);

/**
 * Time, CPU and memory of each contender on each file, and how many times heapwatch's they are.
 *
 * @param {any[]} runs
 */
function heapTable(runs) {
  const rows = runs.flatMap(({ results }) => results ?? []).flatMap((/** @type {any} */ result) => {
    const own = result.contenders.heapwatch;
    return Object.entries(result.contenders).map(([name, measured]) => (measured === null
      ? [result.files.join(' → '), size(result.bytes), name, 'did not finish', '', '', '', '', '']
      : [
        result.files.join(' → '), size(result.bytes), name,
        measured.seconds.toFixed(2), measured.cpuSeconds.toFixed(2), size(measured.rssBytes), (measured.rssBytes / result.bytes).toFixed(2),
        (measured.cpuSeconds / own.cpuSeconds).toFixed(1), (measured.rssBytes / own.rssBytes).toFixed(1),
      ]));
  });
  return table(['file', 'size', '', 's', 'CPU s', 'peak RSS', 'RSS / file', 'CPU / heapwatch', 'RSS / heapwatch'], rows);
}

module.exports = { heapTable };
