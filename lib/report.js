'use strict';

const { PauseHistogram } = require('./histogram.js');
const { formatMs, formatRate } = require('./terminal/units.js');

/** @typedef {import('../index').Report} ReportShape */
/** @typedef {import('./source/source').ReportJson} ReportJson */

const MINUTE_MS = 60_000;

const KINDS = /** @type {const} */ (['all', 'minor', 'major', 'incremental', 'weak']);

/** A report is data; the class adds only the one way of reading it that a person needs in a log line. */
class Report {
  /** @this {ReportShape} */
  toString() {
    const { minor, major, all, timeRatio } = this.gc;
    return `heapwatch (${this.source}) pid ${this.pid}${this.threadId ? ` thread ${this.threadId}` : ''}: `
      + `heap ${bytes(this.heapUsed)}, ${percent(this.heapUsedRatio)} of its limit; rss ${bytes(this.rss)}; `
      + `${all.count} ${all.count === 1 ? 'GC' : 'GCs'}, ${percent(timeRatio.last1m)} of the last ${this.uptimeMs < MINUTE_MS ? formatMs(this.uptimeMs) : 'minute'} `
      + `(minor ${minor.count}, p99 ${milliseconds(minor.pause.percentile(99))}; `
      + `major ${major.count}, p99 ${milliseconds(major.pause.percentile(99))})${growth(this)}`;
  }
}

/**
 * What the native part (or its stand-in) says, with its histograms brought to life, those of other
 * threads too.
 *
 * @param {ReportJson} json
 * @returns {ReportShape}
 */
function reviveReport(json) {
  const report = /** @type {any} */ (Object.assign(new Report(), json));
  for (const kind of KINDS) report.gc[kind].pause = PauseHistogram.from(json.gc[kind].pause);
  report.threads = json.threads.map(reviveReport);
  return report;
}

/**
 * What a log line must not lack.
 *
 * @param {ReportShape} report
 */
function growth({ growth: { verdict, place, bytesPerSecond, limitInMs } }) {
  if (verdict !== 'leak') return '';
  const left = limitInMs === null ? '' : `, the limit in ${formatMs(limitInMs.earliest)}${limitInMs.latest === null ? ' at the earliest' : ` to ${formatMs(limitInMs.latest)}`}`;
  return `; LEAK (${place}): ${formatRate(bytesPerSecond)}${left}`;
}

/** @param {number} n */
function bytes(n) {
  const unit = n >= 1024 ** 3 ? 3 : 2;
  return `${(n / 1024 ** unit).toFixed(1)} ${unit === 3 ? 'GB' : 'MB'}`;
}

/** @param {number} ratio */
const percent = (ratio) => `${(ratio * 100).toFixed(1)} %`;

/** @param {number} ms */
const milliseconds = (ms) => `${ms.toFixed(1)} ms`;

module.exports = { reviveReport };
