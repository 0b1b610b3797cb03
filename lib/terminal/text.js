'use strict';

// Lines of a known width: what a terminal shows, not what a string's length says.

// eslint-disable-next-line no-control-regex -- colour codes are control characters
const COLOUR_CODE = /\u001b\[[0-9;]*m/g;

/** Between words, but not between a number and its unit. */
const BREAK = / +(?!(?:[KMGTPE]?B(?:\/s)?|ms|s|min|h|d|%)(?:[^\w]|$))/;

/**
 * Columns that a text takes. Every character that the renderer prints is one column wide; colour codes take none.
 *
 * @param {string} text
 * @returns {number}
 */
function widthOf(text) {
  return [...text.replace(COLOUR_CODE, '')].length;
}

/**
 * @param {string} text
 * @param {number} width
 * @param {'left' | 'right'} [align]
 * @returns {string}
 */
function pad(text, width, align = 'left') {
  const fill = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'left' ? text + fill : fill + text;
}

/**
 * Breaks between words; a word longer than the line is cut into pieces. For text without colour codes.
 *
 * @param {string} text
 * @param {number} width
 * @returns {string[]}
 */
function wrap(text, width) {
  const lines = [];
  let line = '';
  for (const word of text.split(BREAK).flatMap((long) => pieces(long, width))) {
    if (line === '') line = word;
    else if (widthOf(line) + 1 + widthOf(word) <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}

/**
 * @param {string} word
 * @param {number} width
 * @returns {string[]}
 */
function pieces(word, width) {
  const characters = [...word];
  const parts = [];
  for (let at = 0; at < characters.length; at += width) parts.push(characters.slice(at, at + width).join(''));
  return parts;
}

module.exports = { widthOf, pad, wrap };
