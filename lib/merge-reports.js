'use strict';

const { HeapwatchError, invalidOption, messageOf } = require('./errors.js');
const { PauseHistogram } = require('./histogram.js');
const { formatBytes } = require('./terminal/units.js');

/** @typedef {import('../index').Report} Report */
/** @typedef {import('../index').MergedReport} MergedReportShape */

const KINDS = /** @type {const} */ (['all', 'minor', 'major', 'incremental', 'weak']);

/** A fleet's report is data; the class adds its one line for a log. */
class MergedReport {
  /** @this {MergedReportShape} */
  toString() {
    const { leak } = this.verdicts;
    return `heapwatch: ${count(this.processes, 'process', 'processes')}, ${count(this.watchedThreads, 'thread', 'threads')}: heap ${formatBytes(this.heapUsed)}, rss ${formatBytes(this.rss)}, `
      + `the fullest at ${(100 * this.usedRatio).toFixed(1)} % of its limit; ${count(this.gc.all.count, 'GC', 'GCs')}, major p99 ${this.gc.major.pause.percentile(99).toFixed(1)} ms`
      + `${leak > 0 ? `; LEAK in ${count(leak, 'thread', 'threads')}` : ''}`;
  }
}

/**
 * @param {(Report | string)[]} reports
 * @returns {MergedReportShape}
 */
function mergeReports(reports) {
  if (!Array.isArray(reports) || reports.length === 0) throw invalidOption('reports', reports, 'an array with at least one report, or its JSON');
  const given = reports.map(read);
  const processes = firstOfEach(given);
  const threads = [...given, ...given.flatMap((report) => report.threads.filter((thread) => !given.some((other) => isSame(thread, other))))];
  const verdicts = { leak: 0, clean: 0, inconclusive: 0 };
  for (const { growth } of threads) verdicts[growth.verdict] += 1;
  /** @param {(report: Report) => number} of @param {Report[]} [from] */
  const sum = (of, from = threads) => from.reduce((total, report) => total + of(report), 0);
  /** @param {(report: Report) => number | null} of */
  const largest = (of) => threads.reduce((found, report) => Math.max(found, of(report) ?? 0), 0);
  const limits = threads.flatMap(({ growth: { limitInMs } }) => (limitInMs === null ? [] : [limitInMs.earliest]));

  return Object.assign(new MergedReport(), {
    schemaVersion: /** @type {const} */ (1),
    processes: processes.length,
    watchedThreads: threads.length,
    rss: sum(({ rss }) => rss, processes),
    heapTotal: sum(({ heapTotal }) => heapTotal),
    heapUsed: sum(({ heapUsed }) => heapUsed),
    external: sum(({ external }) => external),
    arrayBuffers: sum(({ arrayBuffers }) => arrayBuffers),
    usedRatio: largest(({ usedRatio }) => usedRatio),
    heapUsedRatio: largest(({ heapUsedRatio }) => heapUsedRatio),
    gc: /** @type {Report['gc']} */ ({
      .../** @type {any} */ (Object.fromEntries(KINDS.map((kind) => [kind, {
        count: sum(({ gc }) => gc[kind].count),
        totalMs: sum(({ gc }) => gc[kind].totalMs),
        freedBytes: sum(({ gc }) => gc[kind].freedBytes),
        pause: PauseHistogram.merge(threads.map(({ gc }) => gc[kind].pause)),
      }]))),
      timeRatio: { last10s: largest(({ gc }) => gc.timeRatio.last10s), last1m: largest(({ gc }) => gc.timeRatio.last1m), lifetime: largest(({ gc }) => gc.timeRatio.lifetime) },
      droppedEvents: sum(({ gc }) => gc.droppedEvents),
    }),
    allocation: {
      bytesPerSecond: sum(({ allocation }) => allocation.bytesPerSecond),
      totalBytes: sum(({ allocation }) => allocation.totalBytes),
      promotedBytesPerSecond: sum(({ allocation }) => allocation.promotedBytesPerSecond),
    },
    verdicts,
    limitInMs: limits.length === 0 ? null : Math.min(...limits),
  });
}

/**
 * @param {unknown} given
 * @param {number} index
 * @returns {Report}
 */
function read(given, index) {
  const option = `reports[${index}]`;
  let report = /** @type {any} */ (given);
  try {
    if (typeof given === 'string') report = JSON.parse(given);
  } catch (error) {
    throw new HeapwatchError('HEAPWATCH_INVALID_OPTION', `heapwatch: ${option} is not the JSON of a report: ${messageOf(error)}`, { option, value: given });
  }
  const isReport = typeof report === 'object' && report !== null && Array.isArray(report.threads) && KINDS.every((kind) => typeof report.gc?.[kind]?.pause === 'object') && typeof report.growth === 'object';
  if (!isReport) throw invalidOption(option, given, 'a report, as report() returns it, or its JSON');
  if (report.schemaVersion !== 1) throw invalidOption(`${option}.schemaVersion`, report.schemaVersion, '1: this report is of another version of heapwatch');
  return report;
}

/** @param {Report} one @param {Report} other */
const isSame = (one, other) => one.pid === other.pid && one.threadId === other.threadId;

/**
 * One report of each process. In containers many a process has the number 1, so reports of one number and thread are of as many processes;
 * those of other threads of that number belong to them.
 *
 * @param {Report[]} reports
 */
function firstOfEach(reports) {
  /** @type {Map<number, number>} */
  const lowest = new Map();
  for (const { pid, threadId } of reports) lowest.set(pid, Math.min(threadId, lowest.get(pid) ?? Infinity));
  return reports.filter(({ pid, threadId }) => lowest.get(pid) === threadId);
}

/** @param {number} n @param {string} one @param {string} many */
const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;

module.exports = { mergeReports };
