'use strict';

const { median } = require('../lib/statistics.js');
const { table } = require('../lib/table.js');

/** @typedef {import('./run').LifecycleResult} LifecycleResult */

const MB = 1024 * 1024;

/** What RSS may grow by in the second half, by itself or beside the same churn without heapwatch: it wanders by as much. */
const ALLOWED_CHURN_RATIO = 1.05;

/** What 5,000 more start/stop may add; a leak of 1 kB in each would be 5 MB. */
const ALLOWED_START_STOP_BYTES = { rss: 2 * MB, heapUsed: 0.2 * MB, external: 0.1 * MB };

/**
 * @param {number[]} values
 * @param {number} from  quarter
 */
const quarter = (values, from) => median(values.slice(Math.floor(values.length * from / 4), Math.floor(values.length * (from + 1) / 4)));

/**
 * How much a curve grows in its second half.
 *
 * @param {number[]} values
 */
const growth = (values) => ({ bytes: quarter(values, 3) - quarter(values, 2), ratio: quarter(values, 3) / quarter(values, 2) });

/** @param {LifecycleResult} result */
function startStopGrowth({ startStop: { samples } }) {
  const of = (/** @type {'rss' | 'heapUsed' | 'external'} */ field) => growth(samples.map((sample) => sample[field])).bytes;
  return { rss: of('rss'), heapUsed: of('heapUsed'), external: of('external') };
}

/**
 * @param {LifecycleResult} result
 * @param {boolean} [quick]  too short for RSS to settle: crashes and counts only
 * @returns {string[]} what is not as it should be
 */
function judge(result, quick = false) {
  const complaints = [];
  if (result.with.mostThreads === 0 || result.with.gcsSeen === 0) complaints.push('no report of a worker was ever seen');
  if (result.with.degraded > 0) complaints.push(`heapwatch was degraded in ${result.with.degraded} of the workers`);
  if (result.with.threadsLeft > 0) complaints.push(`${result.with.threadsLeft} threads are reported after their end`);
  if (quick) return complaints;
  const [watched, without] = [growth(result.with.rss).ratio, growth(result.without.rss).ratio];
  if (watched > ALLOWED_CHURN_RATIO * Math.max(1, without)) {
    complaints.push(`worker churn: RSS grows to ${watched.toFixed(3)} of what it was, without heapwatch to ${without.toFixed(3)}`);
  }
  for (const [field, bytes] of Object.entries(startStopGrowth(result))) {
    const allowed = ALLOWED_START_STOP_BYTES[/** @type {'rss'} */ (field)];
    if (bytes > allowed) complaints.push(`start/stop: ${field} grew by ${bytes} bytes in the second half, ${allowed} are allowed`);
  }
  return complaints;
}

/**
 * @param {LifecycleResult[]} results
 * @returns {string}
 */
function lifecycleTable(results) {
  const mb = (/** @type {number} */ bytes) => (bytes / MB).toFixed(1);
  const kb = (/** @type {number} */ bytes) => (bytes / 1024).toFixed(0);
  const rows = results.map((result) => {
    const { with: watched, without, startStop, circumstances } = result;
    const grown = startStopGrowth(result);
    const growths = [growth(watched.rss), growth(without.rss)];
    return [
      circumstances.node,
      watched.rss.length,
      ...growths.map(({ bytes }, i) => `${mb(quarter([watched, without][i].rss, 3))} (${bytes < 0 ? '' : '+'}${mb(bytes)})`),
      (growths[0].ratio / growths[1].ratio).toFixed(3),
      watched.gcsSeen,
      startStop.times,
      (1e3 * startStop.ms / startStop.times).toFixed(0),
      kb(grown.rss), kb(grown.heapUsed), kb(grown.external),
    ];
  });
  return table([
    'Node', 'workers', 'RSS MB with (second half)', 'RSS MB without', 'ratio of growth', 'most GCs seen of one',
    'start/stop', 'µs each', 'RSS kB', 'heapUsed kB', 'external kB',
  ], rows);
}

module.exports = { judge, lifecycleTable };
