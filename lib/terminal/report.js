'use strict';

// A report for a person in a terminal: one pure function from what was recorded to text.

const { palette } = require('./colour.js');
const { collectionsSection, trafficSection } = require('./collections.js');
const { floorSection, floorSentence } = require('./floor.js');
const { historySection } = require('./history.js');
const { memorySection } = require('./memory.js');
const { wrap } = require('./text.js');
const { formatBytes, formatCount, formatMs, formatPercent } = require('./units.js');

/**
 * A pause histogram as the recording process has it, or as it reads after JSON.
 *
 * @typedef {object} HistogramLike
 * @property {number} count
 * @property {number} max
 * @property {(percentile: number) => number} [percentile]
 * @property {Map<number, number> | Record<string, number>} [percentiles]
 *
 * @typedef {import('../../index.js').Report} Report
 * @typedef {{ count: number, totalMs: number, freedBytes: number, pause: HistogramLike }} KindLike
 * @typedef {Pick<Report['gc'], 'timeRatio' | 'droppedEvents'> & Record<'all' | 'minor' | 'major' | 'incremental' | 'weak', KindLike>} GcLike
 * @typedef {Omit<Report, 'gc' | 'threads'> & { gc: GcLike, threads: ReportLike[] }} ReportLike
 *
 * @typedef {object} Watched
 * @property {ReportLike} report
 * @property {import('../../index.js').Timeline | null} [timeline]
 * @property {import('../../index.js').Pause[]} pauses
 *
 * @typedef {object} Frame
 * @property {number} columns
 * @property {import('./colour.js').Palette} paint
 */

/** Where nobody says how wide the terminal is (a pipe, a file). */
const DEFAULT_COLUMNS = 80;
/** Narrower than this the figures themselves do not fit: better too wide than unreadable. */
const MIN_COLUMNS = 40;
/** Wider than this the eye loses the line. */
const MAX_COLUMNS = 160;

/**
 * @param {Watched} watched
 * @param {{ columns?: number, colour?: boolean }} [options]
 * @returns {string} lines, the last one ended too
 */
function renderReport(watched, { columns = DEFAULT_COLUMNS, colour = false } = {}) {
  /** @type {Frame} */
  const frame = {
    columns: Math.min(Math.max(columns || DEFAULT_COLUMNS, MIN_COLUMNS), MAX_COLUMNS),
    paint: palette(colour),
  };
  const sections = [
    heading(watched.report, frame),
    memorySection(watched, frame),
    historySection(watched, frame),
    collectionsSection(watched, frame),
    trafficSection(watched, frame),
    floorSection(watched, frame),
    threadsSection(watched.report.threads, frame),
    wrap(floorSentence(watched), frame.columns),
  ];
  const filled = sections.filter((section) => section.length > 0);
  return `${filled.map((section) => section.join('\n')).join('\n\n')}\n`;
}

/**
 * @param {ReportLike} report
 * @param {Frame} frame
 * @returns {string[]}
 */
function heading(report, { columns, paint }) {
  const parts = [
    `heapwatch: process ${report.pid}`,
    ...(report.threadId > 0 ? [`thread ${report.threadId}`] : []),
    `watched for ${formatMs(report.uptimeMs)}`,
    report.source === 'native' ? "from V8's hooks" : "from perf_hooks (degraded mode)",
  ];
  return wrap(parts.join(', '), columns).map(paint.bold);
}

/**
 * @param {ReportLike[]} threads
 * @param {Frame} frame
 * @returns {string[]} empty where no worker has a watcher
 */
function threadsSection(threads, { columns, paint }) {
  if (threads.length === 0) return [];
  const lines = threads.flatMap((thread) => {
    const text = [
      `thread ${thread.threadId}:`,
      `heap ${formatBytes(thread.heapUsed)} used,`,
      `${formatPercent(thread.heapUsedRatio)} of its limit;`,
      `${formatCount(thread.gc.major.count)} major, ${formatCount(thread.gc.minor.count)} minor GCs;`,
      `${formatPercent(thread.gc.timeRatio.last1m)} of the last minute in GC`,
    ].join(' ');
    return wrap(text, columns - 2).map((line, at) => `  ${at === 0 ? '' : '  '}${line}`.slice(0, columns));
  });
  return [paint.bold('Workers'), ...lines];
}

module.exports = { renderReport };
