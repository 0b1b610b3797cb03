'use strict';

const { table } = require('../lib/table.js');

/** @typedef {import('./run').OomResult} OomResult */

/** Where V8's limit comes first and there is memory, nothing less than a snapshot will do. */
const MUST_BE_WHOLE = ['no container', 'pid 1'];

/** @param {OomResult} result */
function judge({ circumstances, cases }) {
  const complaints = [];
  for (const { place, way, without, withHeapwatch, left, leaked } of cases) {
    const name = `Node ${circumstances.node}, ${place}, ${way}`;
    if (without.end !== withHeapwatch.end) complaints.push(`${name}: ends with ${withHeapwatch.end}, without heapwatch with ${without.end}`);
    if (MUST_BE_WHOLE.includes(place) && left !== 'snapshot') complaints.push(`${name}: there is no snapshot`);
    if (left === 'nothing') complaints.push(`${name}: nothing is left, and nobody said why`);
    if (['snapshot', 'classes'].includes(left) && leaked === 0) complaints.push(`${name}: what is left does not name the leaking class`);
  }
  return complaints;
}

/** @param {OomResult[]} results */
function oomTable(results) {
  const rows = results.flatMap(({ circumstances, cases }) => cases.map(({ place, way, without, withHeapwatch, left, leaked }) => [
    circumstances.node, place, way, left, leaked || '', without.end === withHeapwatch.end ? without.end : `${without.end} → ${withHeapwatch.end}`,
    withHeapwatch.stoppedMs?.toFixed(0) ?? '', (without.ms / 1e3).toFixed(1), (withHeapwatch.ms / 1e3).toFixed(1),
  ]));
  return table(['Node', 'place', 'dies of', 'left', 'of it, LeakedThing', 'ends with', 'stopped, ms', 'dead after, s: without', 'with'], rows);
}

module.exports = { judge, oomTable };
