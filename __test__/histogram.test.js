'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { PauseHistogram } = require('../lib/histogram.js');
const { PauseRecorder } = require('../lib/source/pause-recorder.js');

/** A repeatable stream of pauses from 1 µs to some seconds, as skewed as real ones. */
function* pauses(count) {
  let state = 42;
  for (let i = 0; i < count; i += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    yield 0.001 * Math.round(10 ** ((state / 2 ** 31) * 6.5));
  }
}

/**
 * @param {Iterable<number>} values
 */
function histogramOf(values) {
  const recorder = new PauseRecorder();
  for (const value of values) recorder.add(value);
  return PauseHistogram.from(recorder.toGcKind().pause);
}

test('percentiles agree with a sorted array to a thousandth', () => {
  for (const count of [1, 2, 3, 10, 999, 1000, 20_000]) {
    const sorted = [...pauses(count)].sort((a, b) => a - b);
    const histogram = histogramOf(sorted);
    for (const p of [0.001, 1, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100]) {
      const rank = Math.max(1, Math.ceil(Number(((p / 100) * count).toFixed(9))));
      const truth = sorted[rank - 1];
      const found = histogram.percentile(p);
      assert.ok(found >= truth - 1e-9 && found <= truth * 1.001 + 1e-9, `p${p} of ${count}: ${found}, in truth ${truth}`);
    }
  }
});

test('count, min, max, mean and standard deviation are those of the values', () => {
  const values = [...pauses(5000)];
  const { count, exceeds, min, max, mean, stddev } = histogramOf(values);
  const trueMean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const trueStddev = Math.sqrt(values.reduce((sum, value) => sum + (value - trueMean) ** 2, 0) / values.length);
  assert.deepEqual({ count, exceeds, min, max }, { count: 5000, exceeds: 0, min: Math.min(...values), max: Math.max(...values) });
  assert.ok(Math.abs(mean - trueMean) < 1e-6 * trueMean);
  assert.ok(Math.abs(stddev - trueStddev) < 1e-6 * trueStddev);
});

test('an empty histogram is all zeros', () => {
  const histogram = histogramOf([]);
  assert.deepEqual(histogram.toJSON(), {
    count: 0, exceeds: 0, min: 0, max: 0, mean: 0, stddev: 0,
    percentiles: { p50: 0, p75: 0, p90: 0, p95: 0, p99: 0, 'p99.9': 0, p100: 0 },
    buckets: [],
  });
});

test('pauses over an hour are kept apart, and max still covers them', () => {
  const hour = 3_600_000;
  const histogram = histogramOf([1, 2, 3, hour, hour + 1, 2 * hour]);
  assert.equal(histogram.exceeds, 2);
  assert.equal(histogram.max, 2 * hour);
  assert.ok(Math.abs(histogram.percentile(50) - 3) <= 0.003);
  assert.equal(histogram.percentile(100), 2 * hour);
});

test('percentiles is a Map of the usual ones', () => {
  const { percentiles } = histogramOf([1, 2, 3, 4]);
  assert.ok(percentiles instanceof Map);
  assert.deepEqual([...percentiles.keys()], [50, 75, 90, 95, 99, 99.9, 100]);
  assert.equal(percentiles.get(50), 2);
  assert.equal(percentiles.get(100), 4);
});

test('percentile() refuses what is none', () => {
  const histogram = histogramOf([1]);
  for (const p of [0, -1, 100.1, NaN, Infinity, '50', null, undefined, 50n]) {
    assert.throws(() => histogram.percentile(p), { code: 'HEAPWATCH_INVALID_OPTION', option: 'percentile' });
  }
});

test('a histogram survives JSON', () => {
  const histogram = histogramOf(pauses(1000));
  const revived = PauseHistogram.from(JSON.parse(JSON.stringify(histogram)));
  assert.deepEqual(revived, histogram);
  assert.deepEqual(revived.toJSON(), histogram.toJSON());
  for (const wrong of [null, 1, 'x', {}, []]) assert.throws(() => PauseHistogram.from(wrong), { code: 'HEAPWATCH_INVALID_OPTION' });
});
