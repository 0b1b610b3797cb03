'use strict';

const { signals } = require('node:os').constants;

const { abortSignal, checkFields, flag, matching } = require('./check.js');
const { invalidOption, show } = require('./errors.js');
const { checkLeak } = require('./leak-options.js');
const { checkMetricsListen } = require('./metrics-listen.js');
const { checkOom } = require('./oom-options.js');
const { checkRules } = require('./rule.js');

/** @typedef {import('../index').StartOptions} StartOptions */
/** @typedef {import('./leak-options').LeakOptions} LeakOptions */
/** @typedef {import('./rule').Rule} Rule */

/** What start() works with. @typedef {Omit<StartOptions, 'leak' | 'thresholds' | 'oom' | 'metricsListen'> & { metricsListen?: import('./metrics-listen').Listen | false, leak?: LeakOptions | false, thresholds?: Rule[], oom?: import('./oom-options').OomOptions | false }} CheckedOptions */

const FORBIDDEN = new Set(['SIGUSR1', 'SIGKILL', 'SIGSTOP', 'SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGABRT', 'SIGIOT', 'SIGTRAP', 'SIGSYS', 'SIGPROF', 'SIGCHLD', 'SIGINT', 'SIGTERM']);

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
  oom: checkOom,
  metricsListen: checkMetricsListen,
  control: flag,
  snapshotSignal: checkSignal,
  signal: abortSignal,
};

/**
 * @param {unknown} value
 * @param {string} option
 */
function checkSignal(value, option) {
  // SIGUSR1 opens Node's inspector; what ends or stops a process, or tells of a crash, is nobody's to take.
  const wanted = 'false, or a signal that nothing else needs, such as SIGUSR2: not SIGUSR1, which is the inspector\'s';
  const known = typeof value === 'string' && Object.hasOwn(signals, value);
  if (value !== false && (!known || FORBIDDEN.has(/** @type {string} */ (value)))) throw invalidOption(option, value, wanted);
  return value;
}

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

module.exports = { checkStartOptions, checkSince, defaultSampleIntervalMs, isDisabled, DEFAULT_SAMPLE_INTERVAL_MS, MAX_SAMPLE_INTERVAL_MS };
