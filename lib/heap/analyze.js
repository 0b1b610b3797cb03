'use strict';

const { checkFile, checkHeapOptions, DEFAULT_LIMIT, runJob } = require('./job.js');
const { analyzeLive } = require('./live.js');
const { HeapSummary } = require('./summary.js');

/**
 * @param {unknown} file
 * @param {unknown} [options]
 * @returns {Promise<import('../../index').HeapSummary>}
 */
async function analyze(file, options) {
  if (file === 'live') return /** @type {any} */ (new HeapSummary('live', await analyzeLive(options)));
  const path = checkFile(file, 'file');
  const { limit = DEFAULT_LIMIT, redact, ...control } = checkHeapOptions(options);
  const copy = redact === true ? path.replace(/(\.heapsnapshot)?$/, '.redacted.heapsnapshot') : redact || undefined;
  if (copy !== undefined) await runJob((jobs) => jobs.redact(path, copy), control);
  // What is shown beside a copy without secrets must have none either.
  const shown = copy ?? path;
  return /** @type {any} */ (new HeapSummary(shown, await runJob((jobs) => jobs.analyze(shown, limit), control)));
}

module.exports = { analyze };
