'use strict';

const { closeSync, existsSync, openSync, readSync, writeFileSync } = require('node:fs');

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
    writePage(html, page(result));
    process.stderr.write(`written: ${html}\n`);
  }
  if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else if (html === undefined || process.stdout.isTTY) {
    const width = Math.max(40, Math.min(process.stdout.columns ?? 100, 160));
    process.stdout.write(`${print({ width, colour: wantsColour(process.stdout) }).join('\n')}\n`);
  }
}

/**
 * A page may take the place of a page, never of a snapshot. It has strings of the heap in it: for its owner alone.
 *
 * @param {string} file
 * @param {string} text
 */
function writePage(file, text) {
  if (existsSync(file) && !isPage(file)) throw new HeapwatchError('HEAPWATCH_IO', `heapwatch: ${file} is there already and is no page. Name another file, or remove it.`);
  writeFileSync(file, text, { mode: 0o600 });
}

/** @param {string} file */
function isPage(file) {
  const start = Buffer.alloc(PAGE_START.length);
  const fd = openSync(file, 'r');
  try {
    readSync(fd, start);
  } finally {
    closeSync(fd);
  }
  return start.toString() === PAGE_START;
}

const PAGE_START = '<!doctype html>';

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
    process.stderr.write(`heapwatch ${command}: ${error.message.replace(/^heapwatch: /, '')}\n`);
    return USAGE;
  }
}

module.exports = { withBar, show, orComplain };
