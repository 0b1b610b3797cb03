'use strict';

const path = require('node:path');

const { analyze } = require('../../heap/analyze.js');
const { printSummary } = require('../../heap/print-summary.js');
const { GOOD } = require('../exit-codes.js');
const { parseHeapArguments } = require('./options.js');
const { orComplain, show, withBar } = require('./show.js');

const usage = `usage: heapwatch inspect [options] <file.heapsnapshot>

Says what a heap snapshot holds: what the memory is used for, classes, the biggest objects and collections with who holds
them, strings that are there more than once, functions, listeners, timers.

  --json            the result as JSON on stdout
  --html <file>     a page to look into, in one file
  --limit <count>   entries of each list (default 200, at most 2000); the terminal shows 15
  --redact <file>   also write a copy without the contents of strings, so that it can be sent to someone

Exit codes: 0 good, 2 wrong usage or the file cannot be read.`;

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
async function run(args) {
  const options = parseHeapArguments(args, { min: 1, max: 1, wanted: 'one file is inspected' });
  return orComplain('inspect', async () => {
    const { limit, redact } = options;
    const summary = await withBar((onProgress) => analyze(path.resolve(options.files[0]), { limit, redact, onProgress }));
    show(options, summary, (how) => printSummary(/** @type {any} */ (summary), how));
    return GOOD;
  });
}

module.exports = { run, usage, summary: 'say what a heap snapshot holds' };
