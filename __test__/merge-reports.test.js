'use strict';

const assert = require('node:assert/strict');
const { describe, test, before } = require('node:test');

const hdr = require('hdr-histogram-js');

const { mergeReports, PauseHistogram, start, stop } = require('..');
const { lastJson, runFixture } = require('./run.js');

const PERCENTILES = [1, 10, 25, 50, 75, 90, 95, 99, 99.9, 100];

/** As the native part's: from 1 µs to an hour, three digits. */
const emptyHdr = () => hdr.build({ lowestDiscernibleValue: 1000, highestTrackableValue: 3.6e12, numberOfSignificantValueDigits: 3, bitBucketSize: 64 });

/** @param {number[]} pausesMs */
function hdrOf(pausesMs) {
  const histogram = emptyHdr();
  for (const ms of pausesMs) histogram.recordValue(Math.round(ms * 1e6));
  return histogram;
}

describe('the reports of three processes, each with a worker', () => {
  let runs;
  let merged;
  before(async () => {
    runs = [];
    for (const rounds of [3, 7, 12]) runs.push(lastJson(await runFixture('collects.js', { args: [String(rounds)] })));
    merged = mergeReports(runs.map(({ report }) => report));
  });

  test('counts are those of every pause that there was', () => {
    const pauses = runs.flatMap((run) => run.pauses);
    for (const kind of ['minor', 'major']) assert.equal(merged.gc[kind].count, pauses.filter((pause) => pause.kind === kind).length, kind);
    assert.ok(merged.gc.major.count >= 2 * (3 + 7 + 12));
    assert.deepEqual([merged.processes, merged.watchedThreads], [3, 6]);
    assert.equal(merged.gc.major.pause.count, merged.gc.major.count);
    const outermost = pauses.filter(({ nested }) => !nested);
    assert.equal(merged.gc.all.count, outermost.length);
    assert.ok(Math.abs(merged.gc.all.totalMs - outermost.reduce((sum, { pauseMs }) => sum + pauseMs, 0)) < 0.001 * merged.gc.all.totalMs);
  });

  test('percentiles are those of one histogram that saw all of them', () => {
    for (const kind of ['minor', 'major']) {
      const pausesMs = runs.flatMap((run) => run.pauses).filter((pause) => pause.kind === kind).map(({ pauseMs }) => pauseMs);
      const one = hdrOf(pausesMs);
      const { pause } = merged.gc[kind];
      for (const p of PERCENTILES) assert.equal(Math.round(pause.percentile(p) * 1e6), Math.min(one.getValueAtPercentile(p), Math.round(pause.max * 1e6)), `${kind} p${p}`);
      assert.equal(pause.min, Math.min(...pausesMs));
      assert.equal(pause.max, Math.max(...pausesMs));
      assert.ok(Math.abs(pause.mean - pausesMs.reduce((sum, ms) => sum + ms, 0) / pausesMs.length) < 1e-6);
      assert.ok(Math.abs(pause.stddev * 1e6 - one.stdDeviation) < 0.01 * one.stdDeviation, `${pause.stddev * 1e6} and ${one.stdDeviation}`);
    }
  });

  test("HdrHistogram's own reader finds every pause in the compressed form, merged or not", () => {
    for (const kind of ['minor', 'major']) {
      const one = hdrOf(runs.flatMap((run) => run.pauses).filter((pause) => pause.kind === kind).map(({ pauseMs }) => pauseMs));
      const read = hdr.decodeFromCompressedBase64(merged.gc[kind].pause.toHdrBase64(), 64);
      assert.equal(read.totalCount, one.totalCount);
      for (const p of PERCENTILES) assert.equal(read.getValueAtPercentile(p), one.getValueAtPercentile(p), `${kind} p${p}`);
      const added = emptyHdr();
      for (const { report } of runs) for (const thread of [report, ...report.threads]) added.add(hdr.decodeFromCompressedBase64(PauseHistogram.from(thread.gc[kind].pause).toHdrBase64(), 64));
      assert.equal(added.totalCount, one.totalCount);
      assert.equal(added.getValueAtPercentile(99), one.getValueAtPercentile(99));
    }
  });

  test('it does not matter in which order, in which form, or in how many steps', () => {
    const texts = runs.map(({ report }) => JSON.stringify(report)).reverse();
    assert.deepEqual(JSON.parse(JSON.stringify(mergeReports(texts).gc.major.pause)).buckets, JSON.parse(JSON.stringify(merged.gc.major.pause)).buckets);
    const twice = PauseHistogram.merge([PauseHistogram.merge(runs.slice(0, 2).flatMap(({ report: { gc, threads } }) => [gc.major.pause, threads[0].gc.major.pause])), runs[2].report.gc.major.pause, runs[2].report.threads[0].gc.major.pause]);
    assert.deepEqual(twice.toJSON().buckets, merged.gc.major.pause.toJSON().buckets);
    assert.equal(twice.percentile(99.9), merged.gc.major.pause.percentile(99.9));
  });

  test('a thread that is given by itself, too, counts once', () => {
    const both = mergeReports(runs.flatMap(({ report, worker }) => [worker, report]));
    assert.deepEqual([both.processes, both.watchedThreads, both.gc.major.count, both.rss], [3, 6, merged.gc.major.count, merged.rss]);
  });

  test('processes of containers, which all have the number 1, stay apart', () => {
    const inContainers = runs.map(({ report }) => ({ ...report, pid: 1, threads: report.threads.map((thread) => ({ ...thread, pid: 1 })) }));
    const { processes, watchedThreads, rss } = mergeReports(inContainers);
    assert.deepEqual([processes, watchedThreads, rss], [3, 6, merged.rss]);
  });

  test('sizes are added up, ratios are the largest, verdicts are counted', () => {
    const threads = runs.flatMap(({ report }) => [report, ...report.threads]);
    assert.equal(merged.heapUsed, threads.reduce((sum, { heapUsed }) => sum + heapUsed, 0));
    assert.equal(merged.rss, runs.reduce((sum, { report: { rss } }) => sum + rss, 0));
    assert.equal(merged.usedRatio, Math.max(...threads.map(({ usedRatio }) => usedRatio)));
    assert.deepEqual(merged.verdicts, { leak: 0, clean: 0, inconclusive: 6 });
    const limits = threads.flatMap(({ growth: { limitInMs } }) => (limitInMs === null ? [] : [limitInMs.earliest]));
    assert.equal(merged.limitInMs, limits.length === 0 ? null : Math.min(...limits));
    assert.match(String(merged), /^heapwatch: 3 processes, 6 threads: heap [\d.]+ MB, rss [\d.]+ MB, the fullest at [\d.]+ % of its limit; \d+ GCs, major p99 [\d.]+ ms$/);
  });
});

test('one report merged is itself', () => {
  const report = start().report();
  stop();
  const { gc, heapUsed, rss } = mergeReports([report]);
  assert.deepEqual([gc.all.count, heapUsed, rss], [report.gc.all.count, report.heapUsed, report.rss]);
  assert.deepEqual(gc.minor.pause.toJSON(), report.gc.minor.pause.toJSON());
});

test('reports of degraded mode merge, too', async () => {
  const { report } = lastJson(await runFixture('collects-degraded.js', { node: ['--no-addons'] }));
  const merged = mergeReports([report, report]);
  assert.equal(merged.gc.all.count, 2 * report.gc.all.count);
});

test('nothing merged is empty', () => {
  const nothing = PauseHistogram.merge([]);
  assert.deepEqual([nothing.count, nothing.min, nothing.max, nothing.mean, nothing.stddev, nothing.percentile(99)], [0, 0, 0, 0, 0, 0]);
  assert.equal(hdr.decodeFromCompressedBase64(nothing.toHdrBase64()).totalCount, 0);
});

test('what is no report is named', () => {
  const report = JSON.parse(JSON.stringify(start().report()));
  stop();
  for (const [reports, option] of [
    [undefined, 'reports'], [[], 'reports'], [report, 'reports'], [[null], 'reports[0]'], [[report, {}], 'reports[1]'], [['{'], 'reports[0]'], [['"a"'], 'reports[0]'],
    [[{ ...report, schemaVersion: 2 }], 'reports[0].schemaVersion'], [[{ ...report, gc: { ...report.gc, major: {} } }], 'reports[0]'],
  ]) assert.throws(() => mergeReports(reports), { code: 'HEAPWATCH_INVALID_OPTION', option });
  assert.throws(() => PauseHistogram.merge('all'), { code: 'HEAPWATCH_INVALID_OPTION', option: 'histograms' });
});
