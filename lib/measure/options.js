'use strict';

const { abortSignal, checkFields, matching, spanAboveZero, whole } = require('../check.js');

/** @typedef {import('../../index').MeasureOptions} MeasureOptions */
/** @typedef {Required<Omit<MeasureOptions, 'signal' | 'setup' | 'teardown'>> & Pick<MeasureOptions, 'signal' | 'setup' | 'teardown'>} CheckedMeasureOptions */

/** Code that leaks nothing leaves 10 to 130 B a call behind (feedback, grown tables, fragmentation); a leaked object with anything in it is more than this. */
const DEFAULT_TOLERANCE_BYTES = 256;

/** Below Jest's and Vitest's own 5 s for a test. */
const DEFAULT_MAX_MS = 3000;

const isFunction = (/** @type {unknown} */ value) => typeof value === 'function';

/** @type {{ [K in keyof Required<MeasureOptions>]: import('../check').Check<any> }} */
const CHECKS = {
  toleranceBytes: matching((value) => Number.isFinite(value) && value > 0, 'a number of bytes above 0'),
  maxMs: spanAboveZero,
  concurrency: whole(1, 10_000),
  setup: matching(isFunction, 'a function, run before each round'),
  teardown: matching(isFunction, 'a function, run after each round'),
  signal: abortSignal,
};

const EXAMPLE = { example: '{ maxMs: 3000 }' };

/**
 * @param {unknown} [given]
 * @returns {CheckedMeasureOptions}
 */
function checkMeasureOptions(given = {}) {
  const { toleranceBytes = DEFAULT_TOLERANCE_BYTES, maxMs = DEFAULT_MAX_MS, concurrency = 1, ...rest } = checkFields(given, CHECKS, EXAMPLE);
  return { toleranceBytes, maxMs, concurrency, ...rest };
}

module.exports = { checkMeasureOptions, CHECKS, DEFAULT_MAX_MS };
