'use strict';

// Numbers with units, as a command line has them. A bare number is refused where it could mean two things.

const { UsageError } = require('./usage-error.js');

/** @type {Record<string, number>} */
const DURATIONS = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };
/** @type {Record<string, number>} */
const SIZES = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

/**
 * @param {string} text
 * @param {string} option
 * @returns {number} milliseconds
 */
function duration(text, option) {
  return quantity(text, option, DURATIONS, 'a time such as 500ms, 30s or 15m');
}

/**
 * @param {string} text
 * @param {string} option
 * @returns {number} bytes
 */
function size(text, option) {
  return quantity(text, option, SIZES, 'a size such as 512MB or 1.5GB (1 KB is 1024 B)');
}

/**
 * @param {string} text
 * @param {string} option
 * @returns {number} bytes a second
 */
function rate(text, option) {
  return quantity(text.replace(/\/s$/, ''), option, SIZES, 'bytes a second, such as 100KB or 1MB/s');
}

/**
 * @param {string} text
 * @param {string} option
 * @returns {number} above 0, at most 1
 */
function ratio(text, option) {
  const [, number, percent] = /^(\d+(?:\.\d+)?|\.\d+)(%?)$/.exec(text.trim()) ?? [];
  const value = Number(number) / (percent ? 100 : 1);
  if (!(value > 0 && value <= 1)) throw new UsageError(`${option} is ${JSON.stringify(text)}. It must be a ratio such as 0.9 or 90%, above 0, at most 1.`);
  return value;
}

/**
 * @param {string} text
 * @param {string} option
 * @param {number} [min]
 * @returns {number}
 */
function whole(text, option, min = 1) {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= 1_000_000)) throw new UsageError(`${option} is ${JSON.stringify(text)}. It must be a whole number from ${min} to 1000000.`);
  return value;
}

/**
 * @param {string} text
 * @param {string} option
 * @param {Record<string, number>} units
 * @param {string} wanted
 */
function quantity(text, option, units, wanted) {
  const [, number, unit] = /^(\d+(?:\.\d+)?|\.\d+) ?([a-zA-Z]+)$/.exec(text.trim()) ?? [];
  const value = Object.hasOwn(units, unit ?? '') ? Number(number) * units[unit] : NaN;
  if (!(value > 0 && value <= Number.MAX_SAFE_INTEGER)) throw new UsageError(`${option} is ${JSON.stringify(text)}. It must be ${wanted}.`);
  return value;
}

module.exports = { duration, size, rate, ratio, whole };
