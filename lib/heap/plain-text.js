'use strict';

// Names come from the program that was looked at: a class or a key can be called anything.

/** What moves a terminal's cursor or turns the direction of text. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * A name as one line of a terminal, no wider than `width`.
 *
 * @param {string} text
 * @param {number} [width]
 */
function plain(text, width = Infinity) {
  const clean = text.replace(CONTROLS, (character) => (character === '\n' || character === '\t' ? ' ' : '\ufffd'));
  const characters = [...clean];
  return characters.length <= width ? clean : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

module.exports = { plain };
