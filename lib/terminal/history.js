'use strict';

// The heap over time, and under it the time that GCs took on the same axis.

const { chart, extent, sparkline } = require('./chart.js');
const { sizeOf, toCells, wholeLife } = require('./series.js');
const { pad, widthOf } = require('./text.js');
const { formatBytes, formatMs } = require('./units.js');

/**
 * @typedef {import('./report.js').Frame} Frame
 * @typedef {import('./report.js').Watched} Watched
 */

const ROWS = 4;
const LABEL_WIDTH = 10;

/**
 * @param {Watched} watched
 * @param {Frame} frame
 * @returns {string[]}
 */
function historySection({ timeline }, { columns, paint }) {
  const title = paint.bold('Heap used over time');
  const tier = wholeLife(timeline);
  if (tier === null) return [title, paint.dim('  nothing sampled yet')];

  const width = columns - LABEL_WIDTH - 2;
  const heap = toCells(tier, sizeOf('heapUsed'), width);
  const gc = toCells(tier, (point) => point.gcMs, width);
  const { min, max } = extent(heap);
  const lines = chart(heap, { height: ROWS, min, max }).map((row, at) => {
    const label = at === 0 ? formatBytes(max) : at === ROWS - 1 ? formatBytes(min) : '';
    return `${pad(label, LABEL_WIDTH, 'right')} │${paint.blue(row.trimEnd())}`;
  });
  const worst = `at most ${formatMs(extent(gc).max)} in ${formatMs(tier.intervalMs)}`;
  const spanMs = tier.points[tier.points.length - 1].timeMs - tier.points[0].timeMs + tier.intervalMs;
  return [
    title,
    ...lines,
    axis(`${formatMs(spanMs)} ago`, 'now', heap.length),
    `${pad('GC time', LABEL_WIDTH, 'right')} │${paint.dim(sparkline(gc, { min: 0 }))}`,
    `${' '.repeat(LABEL_WIDTH)} └ ${paint.dim(worst)}`,
  ];
}

/**
 * @param {string} left
 * @param {string} right
 * @param {number} width
 * @returns {string}
 */
function axis(left, right, width) {
  const line = '─'.repeat(Math.max(1, width - widthOf(left) - widthOf(right) - 2));
  return `${' '.repeat(LABEL_WIDTH)} └${left} ${line} ${right}`;
}

module.exports = { historySection };
