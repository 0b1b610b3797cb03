'use strict';

const { parseArgs } = require('node:util');

const { messageOf } = require('../../errors.js');
const { UsageError } = require('../usage-error.js');

/**
 * @typedef {object} HeapArguments
 * @property {string[]} files
 * @property {boolean} json
 * @property {string | undefined} html
 * @property {string | undefined} redact
 * @property {number} limit
 */

/**
 * @param {string[]} args
 * @param {{ min: number, max: number, wanted: string }} files how many
 * @returns {HeapArguments}
 */
function parseHeapArguments(args, { min, max, wanted }) {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: 'boolean' }, html: { type: 'string' }, redact: { type: 'string' }, limit: { type: 'string' } },
    });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
  const { values, positionals: files } = parsed;
  if (files.length < min || files.length > max) throw new UsageError(`${wanted}. Given: ${files.length === 0 ? 'no file' : files.join(' ')}`);
  const limit = Number(values.limit ?? 200);
  if (!Number.isInteger(limit) || limit < 1 || limit > 2000) throw new UsageError(`--limit is ${JSON.stringify(values.limit)}. It must be a whole number from 1 to 2000.`);
  if (max > 1 && values.redact !== undefined) throw new UsageError('--redact copies one snapshot: heapwatch inspect <file> --redact <copy>');
  return { files, json: values.json === true, html: values.html, redact: values.redact, limit };
}

module.exports = { parseHeapArguments };
