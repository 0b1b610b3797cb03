'use strict';

const { diff } = require('../../heap/diff.js');
const { printDiff } = require('../../heap/print-diff.js');
const { FINDING, GOOD } = require('../exit-codes.js');
const { parseHeapArguments } = require('./options.js');
const { orComplain, show, withBar } = require('./show.js');

/** A command line of more files is a mistake of a shell's *. */
const MAX_FILES = 64;

const usage = `usage: heapwatch diff [options] <before> <after> [<later>…]

Says what became more from one heap snapshot to the next, and who holds it. With three snapshots or more, what grew each
time comes first.

  --json            the result as JSON on stdout
  --html <file>     a page to look into, in one file
  --limit <count>   classes that are listed (default 200, at most 2000); the terminal shows 15

Exit codes: 0 nothing grew, 1 findings, 2 wrong usage or a file cannot be read.`;

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
async function run(args) {
  const options = parseHeapArguments(args, { min: 2, max: MAX_FILES, wanted: `2 to ${MAX_FILES} files are compared` });
  return orComplain('diff', async () => {
    const { files, limit } = options;
    const result = /** @type {any} */ (await withBar((onProgress) => diff(...files, { limit, onProgress })));
    show(options, result, (how) => printDiff(result, how));
    return result.findings.length > 0 ? FINDING : GOOD;
  });
}

module.exports = { run, usage, summary: 'say what became more between heap snapshots, and who holds it' };
