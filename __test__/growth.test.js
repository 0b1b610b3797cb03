'use strict';

// Verdicts in seconds: with a short span, and V8 asked for the major GCs that it would take minutes to need.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');

const { lastJson, runFixture } = require('./run.js');

const MB = 1024 * 1024;

const verdict = async (what, { node, seconds = 20, more = [] } = {}) => lastJson(await runFixture('verdict.js', { node, args: [what, String(seconds), ...more] }));

describe('growth', { concurrency: true }, () => {
  test('a plain leak gets its verdict within 20 s, and the event once, with the report', async (t) => {
    const { source, growth, events, published, same, crossings, majors, pid } = await verdict('leaks');
    assert.equal(source, 'native');
    assert.equal(events.length, 1, growth.reason);
    const [{ atMs, growth: told, pid: by }] = events;
    t.diagnostic(`verdict after ${(atMs / 1000).toFixed(1)} s and ${told.samples} of ${majors} major GCs: ${told.reason}`);
    assert.ok(atMs < 20_000);
    assert.equal(by, pid);
    assert.equal(told.verdict, 'leak');
    assert.equal(told.place, 'heap');
    assert.match(told.reason, /^the heap after major GCs grew by /);
    assert.ok(told.bytesPerSecond > 0.2 * MB && told.interval[0] > 0 && told.interval[0] <= told.bytesPerSecond && told.bytesPerSecond <= told.interval[1]);
    assert.ok(told.limitInMs.earliest > 0 && Math.abs(told.sinceMs - Date.now()) < 60_000);
    const change = told.changes.at(-1);
    assert.ok(change.verdict === 'leak' && change.timeMs > told.sinceMs && Math.abs(change.timeMs - Date.now()) < 60_000);
    assert.deepEqual(Object.keys(told.parts).sort(), ['external', 'heap', 'native']);
    assert.ok(told.parts.heap.bytesPerSecond > 0.2 * MB && told.parts.heap.floorBytes > MB);
    assert.equal(published, 1, 'published as well');
    assert.ok(same);
    assert.ok(crossings.length === 1 && crossings[0].values.maxGrowthBytesPerSecond > 200_000, 'maxGrowthBytesPerSecond fired');
  });

  test('who listens only after the verdict is told once as well', async () => {
    const { events, published } = await verdict('leaks', { more: ['late'] });
    assert.deepEqual(events.map(({ growth }) => growth.verdict), ['leak']);
    assert.equal(published, 1);
  });

  test('a flat program is never called a leak', async (t) => {
    const { source, growth, events, published, crossings } = await verdict('flat');
    assert.equal(source, 'native');
    t.diagnostic(`${growth.verdict} after ${growth.samples} major GCs: ${growth.reason}`);
    assert.notEqual(growth.verdict, 'leak');
    assert.deepEqual([events, published, crossings], [[], 0, []]);
  });

  test('without the native part growth stays inconclusive, with the reason', async () => {
    const { source, growth, events, published, crossings } = await verdict('leaks', { node: ['--no-addons'], seconds: 6 });
    assert.equal(source, 'perf_hooks');
    assert.equal(growth.verdict, 'inconclusive');
    assert.match(growth.reason, /native part/);
    assert.deepEqual([growth.place, growth.sinceMs, Object.keys(growth.parts)], [null, null, ['heap', 'external', 'native']]);
    assert.deepEqual([events, published, crossings], [[], 0, []]);
  });
});
