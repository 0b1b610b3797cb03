'use strict';

// Columns of numbers as text, at a fixed number of characters a value: how large a page gets is known beforehand, whatever the
// process has been through. 12 bits of a column's largest value are finer than a pixel.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The code of a value that is not there: the highest, which no value has. */
const NONE = 1;

/**
 * @typedef {object} Column
 * @property {number} min
 * @property {number} max
 * @property {number} width characters a value
 * @property {string} text
 */

/**
 * @param {(number | null)[]} values
 * @param {{ width?: number, fromZero?: boolean }} [options] fromZero: the scale begins at 0, so that 0 stays 0
 * @returns {Column}
 */
function packColumn(values, { width = 2, fromZero = true } = {}) {
  let [min, max] = [fromZero ? 0 : Infinity, fromZero ? 0 : -Infinity];
  for (const value of values) {
    if (value === null) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (min > max) [min, max] = [0, 0];
  const top = 64 ** width - 1;
  const scale = max > min ? (top - NONE) / (max - min) : 0;
  const text = values.map((value) => encode(value === null ? top : Math.round((value - min) * scale), width)).join('');
  return { min, max, width, text };
}

/**
 * @param {number} code
 * @param {number} width
 */
function encode(code, width) {
  let text = '';
  for (let i = 0, rest = code; i < width; i += 1, rest = Math.floor(rest / 64)) text = ALPHABET[rest % 64] + text;
  return text;
}

module.exports = { packColumn };
