'use strict';

// Values over time as an area of block characters, one column a cell. A sparkline is a chart one row high.

const LEVELS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const GAP = ' ';

/**
 * @param {(number | null)[]} cells one a column; null: nothing known there
 * @param {{ height?: number, min?: number, max?: number }} [options] rows, and the values at the bottom and the top
 *   (default: the cells' own range). The lowest value still gets one eighth, so that it differs from a gap.
 * @returns {string[]} `height` lines, the top one first, each `cells.length` columns wide
 */
function chart(cells, { height = 1, ...range } = {}) {
  const own = extent(cells);
  const min = range.min ?? own.min;
  const max = range.max ?? own.max;
  const steps = height * 8 - 1;
  const eighths = cells.map((value) => {
    if (value === null) return null;
    const ratio = max > min ? (value - min) / (max - min) : 0;
    return 1 + Math.round(Math.min(Math.max(ratio, 0), 1) * steps);
  });
  return Array.from({ length: height }, (_, row) => {
    const below = (height - 1 - row) * 8;
    return eighths.map((level) => (level === null ? GAP : LEVELS[Math.min(Math.max(level - below, 0), 8)])).join('');
  });
}

/**
 * @param {(number | null)[]} cells
 * @param {{ min?: number, max?: number }} [range]
 * @returns {string}
 */
function sparkline(cells, range) {
  return chart(cells, { ...range, height: 1 })[0];
}

/**
 * @param {(number | null)[]} cells
 * @returns {{ min: number, max: number }} 0 and 0 where there is no value
 */
function extent(cells) {
  let min = Infinity;
  let max = -Infinity;
  for (const value of cells) {
    if (value === null) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return min <= max ? { min, max } : { min: 0, max: 0 };
}

module.exports = { chart, sparkline, extent };
