'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { Ledger } = require('../lib/source/ledger.js');
const { PauseRecorder } = require('../lib/source/pause-recorder.js');
const { Tiers } = require('../lib/source/tiers.js');
const { runFixture, lastJson } = require('./run.js');

/**
 * @param {string} stdout
 * @returns {{ minor: number, major: number }} as --trace-gc printed them
 */
function traced(stdout) {
  const lines = stdout.split('\n').filter((line) => /^\[\d+:0x[0-9a-f]+\]/.test(line));
  const count = (/** @type {RegExp} */ pattern) => lines.filter((line) => pattern.test(line)).length;
  return { minor: count(/ms: (Scavenge|Minor)/), major: count(/ms: .*Mark-Compact/) };
}

for (const loop of ['yielding', 'blocked']) {
  test(`without the native part, the counts are those of --trace-gc, the loop ${loop}`, async () => {
    const result = await runFixture('counts.js', { node: ['--no-addons', '--expose-gc', '--max-semi-space-size=1'], args: [loop] });
    const { source, minor, major, forced, report } = lastJson(result);
    const printed = traced(result.stdout);
    assert.equal(source, 'perf_hooks');
    assert.ok(printed.minor > 50 && printed.major > 5, `too few GCs to tell: ${JSON.stringify(printed)}`);
    assert.deepEqual({ minor, major }, printed);
    assert.ok(report.gc.minor.count >= minor && report.gc.major.count >= major);
    assert.equal(forced, 5);
  });
}

test('report() of the degraded mode knows the sizes, and leaves what it cannot know at 0 or null', async () => {
  const { report } = lastJson(await runFixture('counts.js', { node: ['--no-addons', '--expose-gc'], args: ['yielding'] }));
  assert.equal(report.heapAfterLastMajorGc, null);
  assert.equal(report.gc.major.freedBytes, 0);
  assert.equal(report.growth.verdict, 'inconclusive');
  assert.deepEqual(report.threads, []);
  assert.equal(report.allocation.totalBytes, 0);
  assert.ok(report.gc.timeRatio.last10s > 0 && report.gc.timeRatio.last10s <= 1);
  assert.ok(report.gc.timeRatio.lifetime > 0 && report.gc.timeRatio.lifetime <= 1);
  assert.ok(report.rss > 0 && report.heapUsed > 0 && report.arrayBuffers >= 0 && report.external >= report.arrayBuffers);
});

test('a ledger keeps the last entries and counts what a reader missed', () => {
  const ledger = new Ledger(3);
  assert.deepEqual(ledger.take(), { items: [], lost: 0 });
  ledger.add(1);
  ledger.add(2);
  assert.deepEqual(ledger.take(), { items: [1, 2], lost: 0 });
  assert.deepEqual(ledger.take(), { items: [], lost: 0 });
  for (const item of [3, 4, 5, 6, 7]) ledger.add(item);
  assert.deepEqual(ledger.all(), [5, 6, 7]);
  assert.deepEqual(ledger.take(), { items: [5, 6, 7], lost: 2 });
  ledger.add(8);
  assert.deepEqual(ledger.take(), { items: [8], lost: 0 });
  assert.deepEqual(ledger.all(), [6, 7, 8]);
});

const SIZES = { rss: 4, heapTotal: 3, heapUsed: 2, youngUsed: 1, oldSpaceUsed: 1, largeSpacesUsed: 0, external: 1, heapAfterLastMajorGc: null };

/**
 * @param {number} timeMs
 * @param {number} pauseMs
 */
const pause = (timeMs, pauseMs, kind = 'minor') => ({ kind, timeMs, pauseMs, freedBytes: 0, heapUsedBefore: 0, heapUsedAfter: 0, forced: false, nested: false });

test('the timeline sums GCs and keeps the newest sizes of each second, late entries in their own', () => {
  const tiers = new Tiers();
  tiers.addSample({ timeMs: 1100, ...SIZES });
  tiers.addSample({ timeMs: 1900, ...SIZES, heapUsed: 7 });
  tiers.addSample({ timeMs: 3100, ...SIZES });
  tiers.addPause(pause(1500, 2));
  tiers.addPause(pause(1600, 5, 'major'));
  tiers.addPause(pause(2500, 1));
  const [seconds, tens, minutes] = tiers.toTimeline(3500).tiers;
  assert.deepEqual(seconds.points.map(({ timeMs, heapUsed, gcCount, majorCount, gcMs, maxPauseMs }) => (
    [timeMs, heapUsed, gcCount, majorCount, gcMs, maxPauseMs])), [[2000, 7, 2, 1, 7, 5], [3000, 7, 1, 0, 1, 1]]);
  assert.deepEqual([tens.points, minutes.points], [[], []], 'their intervals are not over');
  assert.equal(tiers.sumSince('gcMs', 2000), 1);
  assert.equal(tiers.sumSince('gcMs', 0), 8);
});

test('eight days take no more room than the tiers allow', () => {
  const tiers = new Tiers();
  const day = 86_400_000;
  for (let timeMs = 0; timeMs < 8 * day; timeMs += 10_000) tiers.addSample({ timeMs, ...SIZES });
  assert.deepEqual(tiers.toTimeline(9 * day).tiers.map(({ points }) => points.length), [600, 720, 2016]);
});

test('a million different pauses take a bounded number of buckets', () => {
  const recorder = new PauseRecorder();
  for (let i = 0; i < 1_000_000; i += 1) recorder.add(1.000_01 ** i - 1);
  const { count, pause: { buckets } } = recorder.toGcKind();
  assert.equal(count, 1_000_000);
  assert.ok(buckets.length < 23_000, `${buckets.length} buckets`);
  assert.equal(buckets.reduce((sum, [, n]) => sum + n, 0), 1_000_000);
});
