'use strict';

const { table } = require('../lib/table.js');

/** @typedef {import('./run').CellResult} CellResult */
/** @typedef {{ name: string, label: string | null, leaks: boolean }} Program */

/** @type {Program[]} */
const PROGRAMS = [...require('../../__test__/assertions/leaks.js'), ...require('../../__test__/assertions/cleans.js')];

/** The musts. */
const RIGHT = 0.95;
const NAMED = 0.9;

/** @param {string} name */
const programOf = (name) => /** @type {Program} */ (PROGRAMS.find((program) => program.name === name));

/** @param {CellResult} result */
function figures({ runs }) {
  const verdicts = runs.filter(({ ask }) => ask === 'verdict').flatMap(({ outcomes }) => outcomes.map((outcome) => ({ ...outcome, ...programOf(outcome.program) })));
  const messages = runs.filter(({ ask }) => ask === 'message').flatMap(({ outcomes }) => outcomes.map((outcome) => ({ ...outcome, ...programOf(outcome.program) })));
  const times = verdicts.map(({ ms }) => ms).sort((a, b) => a - b);
  // A test that reported nothing is no right verdict.
  const expected = runs.filter(({ ask }) => ask === 'verdict').length * PROGRAMS.length;
  return {
    repeats: runs.filter(({ ask }) => ask === 'verdict').length,
    expected,
    loads: runs.map(({ load }) => (load[0] + load[1]) / 2).sort((a, b) => a - b),
    right: verdicts.filter(({ leaks, verdict }) => verdict === (leaks ? 'leak' : 'clean')).length,
    falseAlarms: verdicts.filter(({ leaks, verdict }) => !leaks && verdict === 'leak').length,
    missed: verdicts.filter(({ leaks, verdict }) => leaks && verdict === 'clean').length,
    open: verdicts.filter(({ verdict }) => verdict === 'inconclusive').length,
    times,
    cpuTimes: verdicts.map(({ cpuMs }) => cpuMs).sort((a, b) => a - b),
    // One that did not fail names nobody.
    messages: messages.length,
    named: messages.filter(({ label, message }) => String(message).includes(/** @type {string} */ (label))).length,
    messageTimes: messages.map(({ ms }) => ms).sort((a, b) => a - b),
  };
}

/** @param {ReturnType<typeof figures>[]} all */
function together(all) {
  const sum = (/** @type {(each: ReturnType<typeof figures>) => number} */ of) => all.reduce((total, each) => total + of(each), 0);
  return {
    repeats: sum(({ repeats }) => repeats), expected: sum(({ expected }) => expected), right: sum(({ right }) => right), falseAlarms: sum(({ falseAlarms }) => falseAlarms),
    missed: sum(({ missed }) => missed), open: sum(({ open }) => open), messages: sum(({ messages }) => messages), named: sum(({ named }) => named),
    loads: all.flatMap(({ loads }) => loads).sort((a, b) => a - b),
    times: all.flatMap(({ times }) => times).sort((a, b) => a - b), cpuTimes: all.flatMap(({ cpuTimes }) => cpuTimes).sort((a, b) => a - b), messageTimes: all.flatMap(({ messageTimes }) => messageTimes).sort((a, b) => a - b),
  };
}

/** @param {number[]} sorted @param {number} share */
const at = (sorted, share) => (sorted.length === 0 ? '–' : `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]} ms`);

/** @param {number} part @param {number} whole */
const percent = (part, whole) => (whole === 0 ? '–' : `${(Math.floor((part / whole) * 1000) / 10).toFixed(1)} %`);

/** @param {CellResult[]} results */
function assertionsTable(results) {
  const cells = results.map((result) => ({ name: `Node ${result.circumstances.node}, ${result.runner === 'node-test' ? 'node:test' : `${result.runner.replace(/\d+$/, '')} ${result.runnerVersion}`}`, ...figures(result) }));
  const rows = [...cells, ...(cells.length > 1 ? [{ name: 'all', ...together(cells) }] : [])];
  const programs = `${PROGRAMS.filter(({ leaks }) => leaks).length} leaking and ${PROGRAMS.filter(({ leaks }) => !leaks).length} clean programs`;
  return `${programs}:\n\n${table(
    ['', 'repeats', 'load', 'verdicts', 'right', 'false alarms', 'leaks called clean', 'inconclusive', 'median', '90 % within', 'CPU median', 'messages', 'name who leaks', 'median with message'],
    rows.map(({ name, repeats, loads, expected, right, falseAlarms, missed, open, times, cpuTimes, messages, named, messageTimes }) =>
      [name, repeats, (loads[loads.length >> 1] ?? 0).toFixed(1), expected, percent(right, expected), falseAlarms, missed, percent(open, expected), at(times, 0.5), at(times, 0.9), at(cpuTimes, 0.5), messages, percent(named, messages), at(messageTimes, 0.5)]),
  )}`;
}

/**
 * What of the musts is missed.
 *
 * @param {CellResult[]} results
 * @returns {string[]}
 */
function complaints(results) {
  const { expected, right, falseAlarms, messages, named } = together(results.map(figures));
  return [
    ...(falseAlarms > 0 ? [`${falseAlarms} false alarms`] : []),
    ...(right < RIGHT * expected ? [`${percent(right, expected)} right, not ${RIGHT * 100} %`] : []),
    ...(named < NAMED * messages ? [`${percent(named, messages)} of the messages name who leaks, not ${NAMED * 100} %`] : []),
  ];
}

module.exports = { assertionsTable, complaints, PROGRAMS };
