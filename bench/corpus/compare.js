'use strict';

const path = require('node:path');

const { fillIn } = require('../lib/document.js');
const { readResults } = require('../lib/results.js');
const { table } = require('../lib/table.js');
const { fiveRises, leastSquares, mannKendall } = require('./rules.js');
const { columnsOf, isIn, finalVerdict, verdictTable, wasAccused } = require('./summary.js');

/** @typedef {import('./run').CorpusResult} CorpusResult */

/**
 * The corpus's table, and other rules on the same recordings beside ours, printed; with --write also put in their
 * places in docs/leak-verdicts.md.
 */

const DOCUMENT = path.join(__dirname, '..', '..', 'docs', 'leak-verdicts.md');

/** @param {CorpusResult} result */
const liveMemory = ({ recording }) => recording.majors.map(([seconds, heap, external]) => /** @type {[number, number]} */ ([seconds, heap + external]));

/**
 * As a monitor looks: after each major GC, from the least span on. A leak must be called one at the end; a clean program must never have been.
 *
 * @param {CorpusResult} result
 * @param {(series: [number, number][]) => boolean} rule
 */
function atAnyMoment(result, rule) {
  const series = liveMemory(result);
  return result.leaks ? rule(series) : series.some(([seconds], i) => seconds >= LEAST_SPAN_S && rule(series.slice(0, i + 1)));
}

/** leak.minSpanMs of the runs. */
const LEAST_SPAN_S = 3;

/** @type {Record<string, (result: CorpusResult) => boolean>} */
const ACCUSES = {
  'five consecutive rises (memwatch)': (result) => fiveRises(liveMemory(result)),
  'Mann–Kendall, p < .05, once at the end': (result) => mannKendall(liveMemory(result)),
  'Mann–Kendall, p < .05, after each major GC': (result) => atAnyMoment(result, mannKendall),
  'least squares, r² > .8, once at the end': (result) => leastSquares(liveMemory(result)),
  'least squares, r² > .8, after each major GC': (result) => atAnyMoment(result, leastSquares),
  'heapwatch, after each major GC': (result) => (result.leaks ? finalVerdict(result) === 'leak' : wasAccused(result)),
};

/** @param {CorpusResult[]} results */
function comparison(results) {
  const columns = columnsOf(results);
  const count = (/** @type {CorpusResult[]} */ list, /** @type {(result: CorpusResult) => boolean} */ accuses) => list.filter(accuses).length;
  const rows = Object.entries(ACCUSES).map(([name, accuses]) => [name, ...columns.map((column) => {
    const those = results.filter((result) => isIn(column, result));
    const share = (/** @type {CorpusResult[]} */ list) => `${count(list, accuses)} of ${list.length}`;
    return `${share(those.filter(({ leaks }) => leaks))} / ${share(those.filter(({ leaks }) => !leaks))}`;
  })]);
  return table(['leaks found / clean programs accused', ...columns.map(({ major, mode }) => `${major} ${mode}`)], rows);
}

/** @param {CorpusResult[]} results */
function delays(results) {
  const found = results.filter((result) => result.leaks && result.mode === 'assisted' && result.recording.leakAtS !== null);
  const seconds = found.map(({ recording }) => Number(recording.leakAtS)).sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => seconds[Math.min(seconds.length - 1, Math.floor(seconds.length * share))];
  return `Assisted, a leak was called one after ${at(0)} s at the earliest, ${at(0.5)} s in the median, ${at(0.9)} s in nine of ten runs and ${at(1)} s at the latest.`;
}

function main() {
  const results = /** @type {CorpusResult[]} */ (readResults(__dirname));
  if (results.length === 0) throw new Error('there are no results: node bench/corpus/run.js makes them');
  const mode = (/** @type {string} */ name) => results.filter((result) => result.mode === name);
  /** @type {Record<string, string>} */
  const parts = {
    'corpus-assisted': verdictTable(mode('assisted')),
    'corpus-natural': verdictTable(mode('natural')),
    'corpus-delays': delays(results),
    'corpus-comparison': comparison(results),
  };
  for (const text of Object.values(parts)) console.log(`${text}\n`);
  if (process.argv.includes('--write')) fillIn(DOCUMENT, parts);
}

main();
