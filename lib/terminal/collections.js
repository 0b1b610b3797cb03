'use strict';

// What the garbage collector did: by kind, its share of the time, and the traffic that made it work.

const { whyNoSizes } = require('./sizes.js');
const { table } = require('./table.js');
const { pad, wrap } = require('./text.js');
const { NONE, formatBytes, formatCount, formatMs, formatPercent, formatRate, isNumber } = require('./units.js');

/**
 * @typedef {import('./report.js').Frame} Frame
 * @typedef {import('./report.js').Watched} Watched
 * @typedef {import('./report.js').HistogramLike} HistogramLike
 */

const KINDS = /** @type {const} */ (['minor', 'major', 'incremental', 'weak', 'all']);
const INDENT = '  ';
const LABEL_WIDTH = 12;

/** @type {import('./table.js').Column[]} */
const COLUMNS = [
  { title: 'kind', align: 'left' },
  { title: 'count' },
  { title: 'total', keep: 3 },
  { title: 'p50', keep: 1 },
  { title: 'p99', keep: 4 },
  { title: 'max' },
  { title: 'freed', keep: 2 },
];

/**
 * @param {Watched} watched
 * @param {Frame} frame
 * @returns {string[]}
 */
function collectionsSection(watched, { columns, paint }) {
  const { report } = watched;
  const sized = whyNoSizes(watched) === null;
  const rows = KINDS.map((name) => {
    const kind = report.gc[name];
    const { pause, count } = kind;
    return [
      name,
      formatCount(count),
      ifAny(count, formatMs(kind.totalMs)),
      ifAny(pause.count, formatMs(quantile(pause, 50))),
      ifAny(pause.count, formatMs(quantile(pause, 99))),
      ifAny(pause.count, formatMs(pause.max)),
      // The other kinds free nothing themselves.
      sized && name !== 'incremental' && name !== 'weak' ? ifAny(count, formatBytes(kind.freedBytes)) : NONE,
    ];
  });
  const lines = table(COLUMNS, rows, columns - INDENT.length, paint.dim).map((line) => INDENT + line);
  return [paint.bold('Garbage collection'), ...lines, ...droppedNote(report.gc.droppedEvents, columns, paint)];
}

/**
 * @param {Watched} watched
 * @param {Frame} frame
 * @returns {string[]}
 */
function trafficSection(watched, { columns, paint }) {
  const { timeRatio } = watched.report.gc;
  const { allocation } = watched.report;
  const unknown = whyNoSizes(watched);
  const allocated = `${formatRate(allocation.bytesPerSecond)} over 10 s, ${formatBytes(allocation.totalBytes)} in all`;
  const facts = [
    ['GC share', `${formatPercent(timeRatio.last10s)} over 10 s, ${formatPercent(timeRatio.last1m)} over 1 min, ${formatPercent(timeRatio.lifetime)} over its life`],
    ['allocation', unknown ?? allocated],
    ['promotion', unknown ?? `${formatRate(allocation.promotedBytesPerSecond)} over 10 s into the old generation`],
    ['survival', unknown ?? `${formatPercent(allocation.survivalRatio)} of the young generation outlives a minor GC`],
  ];
  const lines = facts.flatMap(([label, text]) =>
    wrap(text, columns - INDENT.length - LABEL_WIDTH - 2).map(
      (line, at) => `${INDENT}${pad(at === 0 ? label : '', LABEL_WIDTH)}  ${line}`,
    ),
  );
  return [paint.bold('GC share and traffic'), ...lines];
}

/**
 * @param {number} dropped
 * @param {number} columns
 * @param {Frame['paint']} paint
 * @returns {string[]}
 */
function droppedNote(dropped, columns, paint) {
  if (!(dropped > 0)) return [];
  const note = `${formatCount(dropped)} GC events were dropped because the queue was full: the counts above are too low by that.`;
  return wrap(note, columns - INDENT.length).map((line) => INDENT + paint.yellow(line));
}

/**
 * A histogram has a method in the process that recorded it and a plain object after JSON.
 *
 * @param {HistogramLike} pause
 * @param {50 | 99} percentile
 * @returns {number | null}
 */
function quantile(pause, percentile) {
  if (typeof pause.percentile === 'function') return pause.percentile(percentile);
  const { percentiles } = pause;
  if (percentiles instanceof Map || percentiles === undefined) return null;
  const value = percentiles[`p${percentile}`];
  return isNumber(value) ? value : null;
}

/**
 * @param {number} count
 * @param {string} text
 * @returns {string}
 */
function ifAny(count, text) {
  return count > 0 ? text : NONE;
}

module.exports = { collectionsSection, trafficSection };
