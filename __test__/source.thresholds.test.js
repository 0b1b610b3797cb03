'use strict';

// The sentences of src/aggregator/thresholds.rs, about its stand-in.

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { Threshold } = require('../lib/source/thresholds.js');

const NOTHING = {
  maxHeapUsedBytes: 0, maxUsedRatio: 0, maxRssBytes: 0, maxExternalBytes: 0, maxGcPauseMs: 0, maxGcTimeRatio: 0, maxGrowthBytesPerSecond: 0,
};

const rule = (limits, forMs = 0, cooldownMs = 0) => new Threshold({ id: 1, limits, forMs, cooldownMs, log: false });

/** At which of the given [ms, value] pairs of one field it fires. */
const firings = (threshold, field, series) => series
  .filter(([ms, value]) => threshold.evaluate(ms, { ...NOTHING, [field]: value }))
  .map(([ms]) => ms);

test('a rule fires once, and again only after the value has fallen and the cooldown has passed', () => {
  const series = [[0, 101], [10, 150], [20, 99], [30, 101], [40, 95], [45, 101], [60, 90], [70, 101]];
  // 99 has not fallen far enough; 95 has, but the cooldown ends at 50 only; by 60 both hold.
  assert.deepEqual(firings(rule({ maxRssBytes: 100 }, 0, 50), 'maxRssBytes', series), [0, 70]);
});

test('a rule fires above its limit, not at it', () => {
  assert.deepEqual(firings(rule({ maxRssBytes: 100 }), 'maxRssBytes', [[0, 100], [1, 100.5]]), [1]);
});

test('the values must hold for the time without a break', () => {
  const series = [[0, 0.9], [20, 0.9], [25, 0.7], [30, 0.9], [50, 0.9], [59, 0.9], [60, 0.9]];
  assert.deepEqual(firings(rule({ maxUsedRatio: 0.8 }, 30), 'maxUsedRatio', series), [60]);
});

test('a single pause need not last', () => {
  assert.deepEqual(firings(rule({ maxGcPauseMs: 50 }, 10_000), 'maxGcPauseMs', [[0, 10], [5, 80], [10, 0], [15, 60], [20, 60]]), [5, 15]);
});

test('a pause counts only once the states beside it have lasted', () => {
  const threshold = rule({ maxRssBytes: 100, maxGcPauseMs: 50 }, 20);
  const at = (ms, maxRssBytes, maxGcPauseMs) => threshold.evaluate(ms, { ...NOTHING, maxRssBytes, maxGcPauseMs });
  assert.deepEqual([at(0, 200, 80), at(10, 200, 80), at(20, 200, 10), at(30, 200, 80)], [false, false, false, true]);
});

test('every field must hold together, and fall, not necessarily together', () => {
  const threshold = rule({ maxRssBytes: 100, maxGcTimeRatio: 0.5 });
  const at = (ms, maxRssBytes, maxGcTimeRatio) => threshold.evaluate(ms, { ...NOTHING, maxRssBytes, maxGcTimeRatio });
  assert.deepEqual([at(0, 200, 0.1), at(1, 50, 0.9), at(2, 200, 0.9)], [false, false, true]);
  assert.deepEqual([at(3, 90, 0.9), at(4, 200, 0.9)], [false, false], 'one field alone has fallen');
  assert.deepEqual([at(5, 200, 0.2), at(6, 200, 0.9)], [false, true]);
});

test('a value that trembles within five percent of its limit fires once', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    let state = seed;
    const random = () => { state = (state * 48271) % 2147483647; return state / 2147483647; };
    const series = Array.from({ length: 200 }, (_, ms) => [ms, 951 + 249 * random()]);
    assert.equal(firings(rule({ maxRssBytes: 1000 }, 0, seed), 'maxRssBytes', series).length, 1);
  }
});

test('values that are none and clocks that jump harm nothing', () => {
  const series = [[5, NaN], [0, Infinity], [-100, NaN], [1e15, 0], [3, 200], [NaN, 200], [1e18, 0], [1e19, 200]];
  assert.deepEqual(firings(rule({ maxRssBytes: 100 }, 0, 5), 'maxRssBytes', series), [0, 3, 1e19]);
});
