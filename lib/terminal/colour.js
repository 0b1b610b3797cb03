'use strict';

// Colour is decoration: every output reads the same without it.

/**
 * @typedef {(text: string) => string} Paint
 * @typedef {{ bold: Paint, dim: Paint, blue: Paint, green: Paint, yellow: Paint, red: Paint }} Palette
 */

/**
 * Whether a stream should get colour: a terminal that can, and a user who did not say no (https://no-color.org).
 *
 * @param {{ isTTY?: boolean }} stream
 * @param {Record<string, string | undefined>} [env]
 * @returns {boolean}
 */
function wantsColour(stream, env = process.env) {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}

/**
 * @param {boolean} enabled
 * @returns {Palette}
 */
function palette(enabled) {
  /** @type {(on: number, off: number) => Paint} */
  const paint = (on, off) => (text) => (enabled && text !== '' ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    blue: paint(34, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    red: paint(31, 39),
  };
}

module.exports = { palette, wantsColour };
