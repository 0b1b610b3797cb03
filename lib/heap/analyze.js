'use strict';

const { HeapwatchError } = require('../errors.js');
const { checkFile, checkHeapOptions, DEFAULT_LIMIT, runJob } = require('./job.js');
const { HeapSummary } = require('./summary.js');

/**
 * @param {unknown} file
 * @param {unknown} [options]
 * @returns {Promise<import('../../index').HeapSummary>}
 */
async function analyze(file, options) {
  if (file === 'live') {
    throw new HeapwatchError('HEAPWATCH_UNSUPPORTED', "heapwatch: analyze('live') is not there yet. Write a snapshot with v8.writeHeapSnapshot() and name its file.");
  }
  const path = checkFile(file, 'file');
  const { limit = DEFAULT_LIMIT, redact, ...control } = checkHeapOptions(options);
  if (redact !== undefined) await runJob((jobs) => jobs.redact(path, redact), control);
  return /** @type {any} */ (new HeapSummary(path, await runJob((jobs) => jobs.analyze(path, limit), control)));
}

module.exports = { analyze };
