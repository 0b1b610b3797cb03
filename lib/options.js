'use strict';

const { HeapwatchError, invalidOption, show } = require('./errors.js');

/** @typedef {import('../index').StartOptions} StartOptions */

/** One sample a second: 10 minutes of it fit the finest tier of the timeline, and it costs no visible CPU. */
const DEFAULT_SAMPLE_INTERVAL_MS = 1000;

/** An hour. Rarer samples than this would leave gaps even in the timeline's coarsest tier. */
const MAX_SAMPLE_INTERVAL_MS = 3_600_000;

/**
 * Each known option with its check. Checks look at types and shapes, never at `instanceof`: options may
 * come from another realm (a vm context, Jest).
 *
 * @type {{ [K in keyof Required<StartOptions>]: (value: unknown) => boolean }}
 */
const CHECKS = {
  sampleIntervalMs: isInterval,
  gcStatistics: (value) => typeof value === 'boolean',
  signal: isAbortSignal,
};

const WANTED = {
  sampleIntervalMs: `a whole number of milliseconds from 0 (at GCs only) to ${MAX_SAMPLE_INTERVAL_MS}`,
  gcStatistics: 'true or false',
  signal: 'an AbortSignal',
};

/**
 * The options that were given, checked. Those left out (or undefined) are absent from the result, so
 * that a second start() changes only what it names. Getters and Proxy traps of the caller run once per
 * option, and what they throw is the caller's to see.
 *
 * @param {unknown} [given]
 * @returns {StartOptions}
 */
function checkStartOptions(given) {
  if (given === undefined) return {};
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    throw invalidOption('options', given, 'an object, such as { sampleIntervalMs: 1000 }');
  }
  const names = /** @type {(keyof StartOptions)[]} */ (Object.keys(CHECKS));
  for (const key of Reflect.ownKeys(given)) {
    if (!names.includes(/** @type {any} */ (key))) throw unknownOption(key, Reflect.get(given, key));
  }
  /** @type {Record<string, unknown>} */
  const checked = {};
  for (const name of names) {
    const value = Reflect.get(given, name);
    if (value === undefined) continue;
    if (!CHECKS[name](value)) throw invalidOption(name, value, WANTED[name]);
    checked[name] = value;
  }
  return checked;
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
  warn(`heapwatch: HEAPWATCH_INTERVAL is ${show(text)}. It must be ${WANTED.sampleIntervalMs}. ${DEFAULT_SAMPLE_INTERVAL_MS} is used.`);
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

/**
 * @param {string | symbol} key
 * @param {unknown} value
 */
function unknownOption(key, value) {
  const option = String(key);
  return new HeapwatchError(
    'HEAPWATCH_INVALID_OPTION',
    `heapwatch: there is no option ${show(option)} (given: ${show(value)}). Known are ${Object.keys(CHECKS).join(', ')}.`,
    { option, value },
  );
}

module.exports = { checkStartOptions, checkSince, defaultSampleIntervalMs, isDisabled, DEFAULT_SAMPLE_INTERVAL_MS, MAX_SAMPLE_INTERVAL_MS };
