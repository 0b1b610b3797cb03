'use strict';

const { checkFields, matching } = require('./check.js');
const { invalidOption, show } = require('./errors.js');
const { checkLeak } = require('./leak-options.js');
const { checkRules } = require('./rule.js');

/** @typedef {import('../index').StartOptions} StartOptions */
/** @typedef {import('./leak-options').LeakOptions} LeakOptions */
/** @typedef {import('./rule').Rule} Rule */

/** What start() works with. @typedef {Omit<StartOptions, 'leak' | 'thresholds'> & { leak?: LeakOptions | false, thresholds?: Rule[] }} CheckedOptions */

/** One sample a second: 10 minutes of it fit the finest tier of the timeline, and it costs no visible CPU. */
const DEFAULT_SAMPLE_INTERVAL_MS = 1000;

/** An hour. Rarer samples than this would leave gaps even in the timeline's coarsest tier. */
const MAX_SAMPLE_INTERVAL_MS = 3_600_000;

const INTERVAL_WANTED = `a whole number of milliseconds from 0 (at GCs only) to ${MAX_SAMPLE_INTERVAL_MS}`;

/** @type {{ [K in keyof Required<StartOptions>]: import('./check').Check<any> }} */
const CHECKS = {
  sampleIntervalMs: matching(isInterval, INTERVAL_WANTED),
  gcStatistics: matching((value) => typeof value === 'boolean', 'true or false'),
  leak: checkLeak,
  thresholds: checkRules,
  signal: matching(isAbortSignal, 'an AbortSignal'),
};

/**
 * Those left out are absent from the result, so that a second start() changes only what it names.
 *
 * @param {unknown} [given]
 * @returns {CheckedOptions}
 */
function checkStartOptions(given) {
  return given === undefined ? {} : checkFields(given, CHECKS, { example: '{ sampleIntervalMs: 1000 }' });
}

/**
 * HEAPWATCH_INTERVAL is set by whoever runs the program, not by who wrote it: a typing error in it is
 * reported and must not take the program down.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {(message: string) => void} warn
 */
function defaultSampleIntervalMs(env, warn) {
  const text = env.HEAPWATCH_INTERVAL;
  if (text === undefined || text === '') return DEFAULT_SAMPLE_INTERVAL_MS;
  const value = /^\s*\d+\s*$/.test(text) ? Number(text) : NaN;
  if (isInterval(value)) return value;
  warn(`heapwatch: HEAPWATCH_INTERVAL is ${show(text)}. It must be ${INTERVAL_WANTED}. ${DEFAULT_SAMPLE_INTERVAL_MS} is used.`);
  return DEFAULT_SAMPLE_INTERVAL_MS;
}

/**
 * @param {unknown} sinceMs
 * @returns {number}
 */
function checkSince(sinceMs) {
  if (sinceMs === undefined) return 0;
  if (typeof sinceMs !== 'number' || !Number.isFinite(sinceMs) || sinceMs < 0) {
    throw invalidOption('sinceMs', sinceMs, 'a time in milliseconds since 1970, such as Date.now() - 60_000');
  }
  return sinceMs;
}

/** Any value but '' and '0' switches heapwatch off. */
function isDisabled(env = process.env) {
  const value = env.HEAPWATCH_DISABLE;
  return value !== undefined && value !== '' && value !== '0';
}

/** @param {unknown} value */
function isInterval(value) {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_SAMPLE_INTERVAL_MS;
}

/** @param {any} value */
function isAbortSignal(value) {
  return typeof value === 'object' && value !== null
    && typeof value.aborted === 'boolean' && typeof value.addEventListener === 'function';
}

module.exports = { checkStartOptions, checkSince, defaultSampleIntervalMs, isAbortSignal, isDisabled, DEFAULT_SAMPLE_INTERVAL_MS, MAX_SAMPLE_INTERVAL_MS };
