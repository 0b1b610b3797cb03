'use strict';

// Checks of what callers pass. They look at types and shapes, never at `instanceof`: options may come
// from another realm (a vm context, Jest).

const { HeapwatchError, invalidOption, show } = require('./errors.js');

/**
 * Answers the value as it is used from here on, or throws an error that names the option.
 *
 * @template T
 * @typedef {(value: unknown, option: string) => T} Check
 */

/** Longer than the timeline reaches back; what is waited for longer than this is not waited for. */
const WEEK_MS = 604_800_000;

/**
 * @param {(value: any) => boolean} accepts
 * @param {string} wanted what is accepted, as the end of the sentence "It must be …"
 * @returns {Check<any>}
 */
function matching(accepts, wanted) {
  return (value, option) => {
    if (!accepts(value)) throw invalidOption(option, value, wanted);
    return value;
  };
}

/**
 * @param {number} min
 * @param {number} max
 * @returns {Check<number>}
 */
function whole(min, max) {
  return matching((value) => Number.isInteger(value) && value >= min && value <= max, `a whole number from ${min} to ${max}`);
}

/** @type {Check<number>} */
const span = matching((value) => typeof value === 'number' && value >= 0 && value <= WEEK_MS, `a number of milliseconds from 0 to ${WEEK_MS} (a week)`);

const spanAboveZero = matching((value) => typeof value === 'number' && value > 0 && value <= WEEK_MS, `a number of milliseconds above 0, at most ${WEEK_MS} (a week)`);

/** @type {Record<string, number>} */
const UNITS = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

/**
 * A number of bytes, or a text with a unit.
 *
 * @param {unknown} value
 * @param {string} option
 */
function bytes(value, option) {
  const [, count, unit] = (typeof value === 'string' && /^(\d+(?:\.\d+)?) ?(B|KB|MB|GB)$/.exec(value)) || [];
  const size = count === undefined ? value : Number(count) * UNITS[unit];
  if (typeof size !== 'number' || !(size > 0 && size <= Number.MAX_SAFE_INTEGER)) {
    throw invalidOption(option, value, "a number of bytes above 0, or a text such as '512MB' (units: B, KB, MB, GB; 1 KB is 1024 B)");
  }
  return size;
}

/** @param {any} value */
function isAbortSignal(value) {
  return typeof value === 'object' && value !== null
    && typeof value.aborted === 'boolean' && typeof value.addEventListener === 'function';
}

/** @type {Check<AbortSignal>} */
const abortSignal = matching(isAbortSignal, 'an AbortSignal');

/** What every system takes for a path: no NUL, and nothing that is cut off. @type {Check<string>} */
const place = matching((value) => typeof value === 'string' && value.length > 0 && value.length < 4096 && !value.includes('\0'), 'a path: a text of 1 to 4095 characters without NUL');

/** @type {Check<boolean>} */
const flag = matching((value) => typeof value === 'boolean', 'true or false');

/**
 * Memory that must be free; 0: whatever there is.
 *
 * @type {Check<number>}
 */
const headroom = (value, option) => (value === 0 ? 0 : bytes(value, option));

/**
 * The options that were given, checked. Those left out (or undefined) are absent from the result.
 * Getters and Proxy traps of the caller run once per option, and what they throw is the caller's to see.
 *
 * @param {unknown} given
 * @param {Record<string, Check<any>>} checks each known option with its check
 * @param {{ path?: string, example: string }} where path: the option that these are part of
 * @returns {Record<string, any>}
 */
function checkFields(given, checks, { path, example }) {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    throw invalidOption(path ?? 'options', given, `an object, such as ${example}`);
  }
  /** @param {string | symbol} key */
  const full = (key) => (path === undefined ? String(key) : `${path}.${String(key)}`);
  for (const key of Reflect.ownKeys(given)) {
    if (!Object.hasOwn(checks, key)) throw unknownOption(full(key), Reflect.get(given, key), Object.keys(checks));
  }
  /** @type {Record<string, unknown>} */
  const checked = {};
  for (const [name, check] of Object.entries(checks)) {
    const value = Reflect.get(given, name);
    if (value !== undefined) checked[name] = check(value, full(name));
  }
  return checked;
}

/**
 * @param {string} option
 * @param {unknown} value
 * @param {string[]} known
 */
function unknownOption(option, value, known) {
  return new HeapwatchError(
    'HEAPWATCH_INVALID_OPTION',
    `heapwatch: there is no option ${show(option)} (given: ${show(value)}). Known are ${known.join(', ')}.`,
    { option, value },
  );
}

module.exports = { abortSignal, bytes, flag, headroom, place, checkFields, matching, whole, span, spanAboveZero, WEEK_MS };
