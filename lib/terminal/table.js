'use strict';

// Aligned columns that fit a width: the least important are left out first.

const { pad, widthOf } = require('./text.js');

/**
 * @typedef {object} Column
 * @property {string} title
 * @property {'left' | 'right'} [align] default right: most columns are numbers
 * @property {number} [keep] default Infinity; the smallest goes first when the table is too wide
 */

/**
 * @param {Column[]} columns
 * @param {string[][]} rows
 * @param {number} width
 * @param {(text: string) => string} [paintTitles]
 * @returns {string[]} no line is wider than `width`, as long as the columns that must stay fit
 */
function table(columns, rows, width, paintTitles = (text) => text) {
  const widths = columns.map((column, at) => Math.max(widthOf(column.title), ...rows.map((row) => widthOf(row[at]))));
  let shown = columns.map((_, at) => at);
  const total = () => shown.reduce((sum, at) => sum + widths[at], 0) + GUTTER.length * (shown.length - 1);
  const keepOf = (/** @type {number} */ at) => columns[at].keep ?? Infinity;
  while (total() > width && shown.some((at) => keepOf(at) < Infinity)) {
    const leastImportant = shown.reduce((least, at) => (keepOf(at) < keepOf(least) ? at : least));
    shown = shown.filter((at) => at !== leastImportant);
  }
  const line = (/** @type {string[]} */ cells) =>
    shown.map((at) => pad(cells[at], widths[at], columns[at].align ?? 'right')).join(GUTTER).trimEnd();
  return [paintTitles(line(columns.map((column) => column.title))), ...rows.map(line)];
}

const GUTTER = '  ';

module.exports = { table };
