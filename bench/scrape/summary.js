'use strict';

const { quantile } = require('../lib/statistics.js');
const { table } = require('../lib/table.js');

/** @typedef {import('./run').ScrapeResult} ScrapeResult */

/** 99 of a hundred scrapes of a blocked process. */
const REQUIRED_MS = 20;

/** What a scrape may take of JavaScript's thread. */
const REQUIRED_CALL_MS = 1;

/** What may be left of a crowd: allocators keep what they had. */
const ALLOWED_BYTES = 24 * 1024 * 1024;

/** As many connections the listener keeps at once. */
const PLACES = 64;

const MB = 1024 * 1024;

/**
 * @param {Omit<ScrapeResult, 'circumstances'>} result
 * @returns {string[]} what is not as it should be
 */
function judge({ scrapes, controlMs, calls, listener, crowd }) {
  const complaints = [];
  const p99 = quantile(scrapes.heapwatch.blockedMs, 0.99);
  // Where a server that has nothing to do is as late, the machine is, and nothing can be told of ours.
  const allowed = Math.max(REQUIRED_MS, quantile(controlMs, 0.99));
  if (!(p99 < allowed)) complaints.push(`a blocked process answered in ${p99.toFixed(1)} ms (99 %), not within ${allowed.toFixed(1)}`);
  if (scrapes.heapwatch.blockedMs.length < 100) complaints.push(`a blocked process answered ${scrapes.heapwatch.blockedMs.length} times only`);
  const call = quantile(calls['metrics()'].ms, 0.5);
  if (!(call < REQUIRED_CALL_MS)) complaints.push(`metrics() took ${call.toFixed(2)} ms`);
  const each = onLoop(listener);
  if (!(each < REQUIRED_CALL_MS)) complaints.push(`a scrape of the listener took ${each.toFixed(3)} ms of JavaScript's thread`);
  const { before, during, after } = crowd;
  if (after.rssBytes - before.rssBytes > ALLOWED_BYTES) complaints.push(`the crowd left ${mb(after.rssBytes - before.rssBytes)} MB behind`);
  if (after.descriptors > before.descriptors) complaints.push(`the crowd left ${after.descriptors - before.descriptors} descriptors behind`);
  if (during.descriptors - before.descriptors > PLACES + 1) complaints.push(`${during.descriptors - before.descriptors} descriptors were open at once`);
  if (after.threads > before.threads) complaints.push(`the crowd left ${after.threads - before.threads} threads behind`);
  return complaints;
}

/** @param {ScrapeResult['listener']} listener */
const onLoop = ({ scrapes, cpuMs, idleCpuMs }) => Math.max(0, cpuMs - idleCpuMs) / scrapes;

/** @param {number} bytes */
const mb = (bytes) => (bytes / MB).toFixed(1);

/** @param {number} ms */
const shown = (ms) => (ms < 100 ? ms.toFixed(2) : ms.toFixed(0));

/**
 * @param {ScrapeResult[]} results
 * @returns {string}
 */
function scrapeTables(results) {
  const answers = results.flatMap(({ circumstances, scrapes, controlMs }) => Object.entries({ ...scrapes, 'an idle server beside it': { freeMs: [], blockedMs: controlMs } }).map(([name, { freeMs, blockedMs }]) => [
    circumstances.node, name, freeMs.length > 0 ? shown(quantile(freeMs, 0.5)) : '–', freeMs.length > 0 ? shown(quantile(freeMs, 0.99)) : '–',
    blockedMs.length, shown(quantile(blockedMs, 0.5)), shown(quantile(blockedMs, 0.99)),
  ]));
  const costs = results.flatMap(({ circumstances, size, calls, listener }) => [
    ...Object.entries(calls).map(([name, { ms, bytes }]) => [circumstances.node, size.spaces, name, bytes, shown(quantile(ms, 0.5)), shown(quantile(ms, 0.99))]),
    [circumstances.node, size.spaces, 'the listener, by CPU time', listener.bytes, onLoop(listener).toFixed(3), '–'],
  ]);
  const crowds = results.map(({ circumstances, crowd: { scrapes, stalled, before, during, after, ms } }) => [
    circumstances.node, scrapes, stalled, (1000 * scrapes / ms).toFixed(0),
    `${before.descriptors} → ${during.descriptors} → ${after.descriptors}`, `${before.threads} → ${after.threads}`, `${mb(before.rssBytes)} → ${mb(during.rssBytes)} → ${mb(after.rssBytes)}`,
  ]);
  return [
    table(['Node', 'exporter', 'free loop, ms', '99 %', 'answers while blocked', 'blocked loop, ms', '99 %'], answers),
    table(['Node', 'spaces', 'a scrape of 9 threads', 'bytes', "JavaScript's thread, ms", '99 %'], costs),
    table(['Node', 'scrapes', 'stalled clients', 'a second', 'descriptors', 'threads', 'RSS, MB'], crowds),
  ].join('\n\n');
}

module.exports = { judge, scrapeTables };
