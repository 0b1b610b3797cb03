'use strict';

const { invalidOption } = require('../errors.js');
const { checkFile, checkHeapOptions, DEFAULT_LIMIT, runJob } = require('./job.js');
const { HeapDiff } = require('./heap-diff.js');

/**
 * @param {...unknown} args two files or more, in the order in which they were taken, then options
 * @returns {Promise<import('../../index').HeapDiff>}
 */
async function diff(...args) {
  const last = args.at(-1);
  const hasOptions = args.length > 2 && (last === undefined || (typeof last === 'object' && last !== null && !(last instanceof URL)));
  const given = hasOptions ? args.slice(0, -1) : args;
  if (given.length < 2) throw invalidOption('after', given[1], 'the path of a .heapsnapshot file that was taken later than the first');
  const files = given.map((file, at) => checkFile(file, at === 0 ? 'before' : at === 1 ? 'after' : `file ${at + 1}`));
  const { limit = DEFAULT_LIMIT, redact, ...control } = checkHeapOptions(hasOptions ? last : undefined);
  if (redact !== undefined) throw invalidOption('redact', redact, 'left out: analyze(file, { redact }) writes a copy');
  return compare(files, limit, control);
}

/**
 * @param {string[]} files
 * @param {number} limit
 * @param {Pick<import('../../index').HeapOptions, 'signal' | 'onProgress'>} control
 * @param {boolean} [isAwaited] whoever asks does nothing else until it is there
 * @returns {Promise<import('../../index').HeapDiff>}
 */
async function compare(files, limit, control, isAwaited = false) {
  return /** @type {any} */ (new HeapDiff(files, await runJob((jobs) => jobs.diff(files, limit, isAwaited), control)));
}

module.exports = { compare, diff };
