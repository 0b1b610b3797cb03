'use strict';

const { writeFileSync } = require('node:fs');

const { HeapwatchError } = require('../../errors.js');
const { page } = require('../../heap/html.js');
const { bar } = require('../../terminal/bar.js');
const { wantsColour } = require('../../terminal/colour.js');
const { USAGE } = require('../exit-codes.js');

/** @typedef {import('../../../index').HeapProgress} HeapProgress */

const BAR_WIDTH = 30;
/** Each phase's part of the whole time, by measurement. */
const PHASES = { reading: [0, 0.5], dominators: [0.5, 0.45], classes: [0.95, 0.05] };

/**
 * A bar on stderr while the work goes on, if a person is there to see it. It is gone when the work is done.
 *
 * @template T
 * @param {(onProgress?: (progress: HeapProgress) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withBar(work) {
  if (!process.stderr.isTTY) return work();
  try {
    return await work(({ phase, ratio }) => {
      const [start, part] = PHASES[phase];
      process.stderr.write(`\r${bar(start + part * ratio, BAR_WIDTH, { track: true })} ${phase.padEnd(10)}`);
    });
  } finally {
    process.stderr.write('\r\u001b[K');
  }
}

/**
 * Prints a result as it was asked for.
 *
 * @param {{ json: boolean, html: string | undefined }} options
 * @param {any} result
 * @param {(how: { width: number, colour: boolean }) => string[]} print
 */
function show({ json, html }, result, print) {
  if (html !== undefined) {
    writeFileSync(html, page(result));
    process.stderr.write(`written: ${html}\n`);
  }
  if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else if (html === undefined || process.stdout.isTTY) {
    const width = Math.max(40, Math.min(process.stdout.columns ?? 100, 160));
    process.stdout.write(`${print({ width, colour: wantsColour(process.stdout) }).join('\n')}\n`);
  }
}

/**
 * A file that cannot be read is told in a sentence, without a stack.
 *
 * @param {string} command
 * @param {() => Promise<number>} work
 */
async function orComplain(command, work) {
  try {
    return await work();
  } catch (error) {
    const isOurs = error instanceof HeapwatchError;
    const isSystem = error instanceof Error && 'syscall' in error;
    if (!isOurs && !isSystem) throw error;
    process.stderr.write(`${error.message.replace(/^heapwatch: /, `heapwatch ${command}: `)}\n`);
    return USAGE;
  }
}

module.exports = { withBar, show, orComplain };
