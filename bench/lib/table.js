'use strict';

/**
 * A Markdown table whose columns line up in a terminal too. Cells of numbers are aligned to the right.
 *
 * @param {string[]} head
 * @param {(string | number)[][]} rows
 * @returns {string}
 */
function table(head, rows) {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column].length)));
  const right = head.map((_, column) => column > 0 && rows.every((row) => /^[-+\d.,–≤≥<>~ %×µms]*$/.test(String(row[column]))));
  const line = (/** @type {string[]} */ row) =>
    `| ${row.map((cell, column) => right[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column])).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => right[column] ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2)).join('|')}|`;
  return [line(cells[0]), rule, ...cells.slice(1).map(line)].join('\n');
}

module.exports = { table };
