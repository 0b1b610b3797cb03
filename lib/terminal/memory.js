'use strict';

// Memory by name on one scale, then how near each limit is.

const { bar } = require('./bar.js');
const { sparkline } = require('./chart.js');
const { sizeOf, toCells, wholeLife } = require('./series.js');
const { pad, wrap } = require('./text.js');
const { formatBytes, formatMs, formatPercent, isNumber } = require('./units.js');

/**
 * @typedef {import('./report.js').Frame} Frame
 * @typedef {import('./report.js').Watched} Watched
 */

/** Node's own names, as in process.memoryUsage(). */
const NAMES = /** @type {const} */ (['rss', 'heapTotal', 'heapUsed', 'external', 'arrayBuffers']);
const NAME_WIDTH = 12;
const VALUE_WIDTH = 9;
const INDENT = '  ';
const GUTTER = '  ';
/** A bar longer than this says nothing more. */
const MAX_BAR_WIDTH = 48;
/** A shorter one says less than the number beside it. */
const MIN_BAR_WIDTH = 8;
/** Below this a sparkline's shape cannot be seen, and the bar gets its room. */
const MIN_SPARKLINE_WIDTH = 12;

/** From these ratios of a limit on, the bar is yellow, then red. */
const NEAR = 0.7;
const CLOSE = 0.9;

/**
 * @param {Watched} watched
 * @param {Frame} frame
 * @returns {string[]}
 */
function memorySection({ report, timeline }, { columns, paint }) {
  const free = columns - INDENT.length - NAME_WIDTH - VALUE_WIDTH - 2 * GUTTER.length;
  const tier = wholeLife(timeline);
  const half = Math.floor((free - GUTTER.length) / 2);
  const sparkWidth = tier && half >= MIN_SPARKLINE_WIDTH ? Math.min(half, MAX_BAR_WIDTH) : 0;
  const barWidth = Math.min(sparkWidth > 0 ? half : free, MAX_BAR_WIDTH);
  const largest = Math.max(...NAMES.map((name) => (isNumber(report[name]) ? report[name] : 0)), 1);

  const rows = NAMES.map((name) => {
    const value = report[name];
    const drawn = bar((isNumber(value) ? value : 0) / largest, barWidth);
    const label = `${INDENT}${pad(name, NAME_WIDTH)}${GUTTER}${pad(formatBytes(value), VALUE_WIDTH, 'right')}${GUTTER}`;
    if (sparkWidth === 0 || tier === null || name === 'arrayBuffers') return (label + paint.blue(drawn)).trimEnd();
    const spark = sparkline(toCells(tier, sizeOf(name), sparkWidth));
    return `${label}${paint.blue(pad(drawn, barWidth))}${GUTTER}${paint.dim(spark)}`;
  });
  return [paint.bold('Memory'), ...rows, ...ageNote(report, columns, paint), '', ...limitRows(report, columns, paint)];
}

/**
 * @param {Watched['report']} report
 * @param {number} columns
 * @param {Frame['paint']} paint
 * @returns {string[]}
 */
function limitRows(report, columns, paint) {
  const limits = [
    { name: 'V8 heap', ratio: report.heapUsedRatio, bytes: report.heapLimit },
    { name: 'container', ratio: report.containerUsedRatio, bytes: report.containerLimit },
  ];
  const free = columns - INDENT.length - NAME_WIDTH - VALUE_WIDTH - 2 * GUTTER.length - ' limit 1,023 MB'.length;
  const width = free >= MIN_BAR_WIDTH ? Math.min(free, MAX_BAR_WIDTH) : 0;
  const rows = limits.map(({ name, ratio, bytes }) => {
    const label = `${INDENT}${pad(name, NAME_WIDTH)}${GUTTER}`;
    if (!isNumber(bytes)) return label + paint.dim(pad('no limit', VALUE_WIDTH, 'right'));
    const used = isNumber(ratio) ? ratio : 0;
    const colour = used >= CLOSE ? paint.red : used >= NEAR ? paint.yellow : paint.green;
    const drawn = width > 0 ? `${colour(bar(used, width, { track: true }))} ` : '';
    return `${label}${pad(formatPercent(ratio), VALUE_WIDTH, 'right')}${GUTTER}${drawn}limit ${formatBytes(bytes)}`;
  });
  return [paint.bold('Limits'), ...rows];
}

/**
 * @param {Watched['report']} report
 * @param {number} columns
 * @param {Frame['paint']} paint
 * @returns {string[]}
 */
function ageNote({ sampleAgeMs }, columns, paint) {
  if (!isNumber(sampleAgeMs) || sampleAgeMs < STALE_MS) return [];
  const note = `These figures are ${formatMs(sampleAgeMs)} old: nothing newer could be read.`;
  return wrap(note, columns - INDENT.length).map((line) => INDENT + paint.yellow(line));
}

/** Several default sampling intervals: a busy process is late by less. */
const STALE_MS = 5000;

module.exports = { memorySection };
