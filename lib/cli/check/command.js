'use strict';

const { conclude } = require('./conclusion.js');
const { parseCheckOptions, USAGE } = require('./options.js');
const { runProgram } = require('./run-program.js');

/**
 * `heapwatch check -- <command>`
 *
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
async function run(args) {
  const options = parseCheckOptions(args);
  const result = await runProgram(options);
  const conclusion = conclude(result);
  if (options.json) {
    const { testimonies, ...end } = result;
    process.stdout.write(`${JSON.stringify({ schemaVersion: 1, command: options.command, ...conclusion, program: end, processes: testimonies }, null, 2)}\n`);
  } else {
    // Not on stdout: that is the program's.
    process.stderr.write(`${describe(conclusion).map((line) => `heapwatch check: ${line}`).join('\n')}\n`);
  }
  return conclusion.exitCode;
}

/** @param {import('./conclusion').Conclusion} conclusion */
function describe({ verdict, reason, findings, note }) {
  const verdictLine = verdict === 'leak' ? [] : [`${verdict ?? 'nothing was checked'}: ${reason}`];
  return [...findings, ...verdictLine, ...(note === null ? [] : [note])];
}

module.exports = { run, usage: USAGE, summary: 'run a program and exit with 1 when its memory leaks or crosses a limit' };
