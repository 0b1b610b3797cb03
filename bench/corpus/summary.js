'use strict';

const { table } = require('../lib/table.js');

/** @typedef {import('./run').CorpusResult} CorpusResult */

const WORDS = /** @type {const} */ ({ l: 'leak', c: 'clean', i: 'inconclusive' });

/**
 * Fewer majors than this after the warm-up (the first two, and the first tenth of the life) and no rule can say anything: with five
 * points even a perfect rise has p = 1/120.
 */
const FEWEST_MAJORS = 6;

/** @param {CorpusResult} result */
const hasEnough = ({ recording, seconds }) => recording.majors.slice(2).filter(([at]) => at >= seconds / 10).length >= FEWEST_MAJORS;

/** @param {CorpusResult} result */
const finalVerdict = ({ recording }) => WORDS[/** @type {'l' | 'c' | 'i'} */ (recording.verdicts.at(-1))];

/** Whether it was accused at any moment, not only at the end. @param {CorpusResult} result */
const wasAccused = ({ recording }) => recording.leakAtS !== null;

/**
 * What is not as it should be.
 *
 * @param {CorpusResult[]} results
 * @returns {string[]}
 */
function judge(results) {
  return results.flatMap((result) => {
    const { program, mode, leaks, circumstances, recording } = result;
    const verdict = finalVerdict(result);
    const which = `${program}, Node ${circumstances.node}, ${mode} (${recording.majors.length} majors)`;
    if (!leaks && wasAccused(result)) return [`false alarm: ${which}: called leak after ${recording.leakAtS} s, at the end ${verdict}: ${recording.growth.reason}`];
    if (leaks && verdict === 'clean') return [`a leak called clean: ${which}: ${recording.growth.reason}`];
    if (leaks && verdict !== 'leak' && mode === 'assisted') return [`missed: ${which}: ${recording.growth.reason}`];
    return [];
  });
}

/**
 * A row for each program, a column for each Node and mode; the number of major GCs beside the verdict.
 *
 * @param {CorpusResult[]} results
 */
function verdictTable(results) {
  const names = [...new Set(results.map(({ program }) => program))];
  names.sort((a, b) => Number(leaks(results, b)) - Number(leaks(results, a)) || a.localeCompare(b));
  const columns = columnsOf(results);
  const cell = (/** @type {string} */ program, /** @type {Column} */ column) => {
    const result = results.find((each) => each.program === program && isIn(column, each));
    if (!result) return '';
    const accused = !result.leaks && wasAccused(result) && finalVerdict(result) !== 'leak' ? ', was leak' : '';
    return `${finalVerdict(result)}${accused} (${result.recording.majors.length})`;
  };
  const rows = names.map((name) => [name, leaks(results, name) ? 'yes' : 'no', ...columns.map((column) => cell(name, column))]);
  const sums = columns.map((column) => {
    const those = results.filter((each) => isIn(column, each));
    const leaking = those.filter((each) => each.leaks);
    const enough = leaking.filter(hasEnough);
    const found = (/** @type {CorpusResult[]} */ list) => list.filter((each) => finalVerdict(each) === 'leak').length;
    const accused = those.filter((each) => !each.leaks && wasAccused(each)).length;
    const acquitted = leaking.filter((each) => finalVerdict(each) === 'clean').length;
    return `${found(enough)} of ${enough.length}; ${accused}; ${acquitted}`;
  });
  return table(['program', 'leaks', ...columns.map(({ major, mode }) => `${major} ${mode}`)], [
    ...rows,
    ['leaks found, of those with majors enough; clean ones accused; leaks called clean', '', ...sums],
  ]);
}

/** @typedef {{ major: number, mode: string }} Column */

/**
 * @param {CorpusResult[]} results
 * @returns {Column[]}
 */
function columnsOf(results) {
  const keys = [...new Set(results.map((result) => JSON.stringify({ mode: result.mode, major: majorOf(result) })))].map((text) => JSON.parse(text));
  return keys.sort((a, b) => b.mode.localeCompare(a.mode) || a.major - b.major);
}

/** @param {CorpusResult} result */
const majorOf = ({ circumstances }) => Number.parseInt(circumstances.node, 10);

/** @param {Column} column @param {CorpusResult} result */
const isIn = ({ major, mode }, result) => majorOf(result) === major && result.mode === mode;

/** @param {CorpusResult[]} results @param {string} program */
const leaks = (results, program) => results.some((result) => result.program === program && result.leaks);

module.exports = { judge, verdictTable, columnsOf, isIn, finalVerdict, wasAccused, hasEnough };
