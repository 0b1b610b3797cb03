'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { lastJson, runFixture } = require('./run.js');

test('while the main thread is blocked for 5 s, its samples go on and another thread sees its GCs', async () => {
  const { source, points, seen } = lastJson(await runFixture('blocked.js'));
  assert.equal(source, 'native');

  assert.ok(points.length >= 4, `${points.length} points of the timeline lie in the blocked time`);
  for (const point of points) {
    assert.ok(point.heapUsed > 0 && point.rss > 0, JSON.stringify(point));
  }
  // Not each: on a machine that is busy with more than this, a second may pass without a GC.
  assert.ok(points.filter(({ gcCount }) => gcCount > 0).length >= 3, JSON.stringify(points));

  assert.ok(seen.length >= 10, `the onlooker reported ${seen.length} times`);
  const counts = seen.map(({ gcs }) => gcs);
  assert.deepEqual(counts, [...counts].sort((a, b) => a - b), 'counts never go back');
  assert.ok(new Set(counts).size >= 5, `GC counts rose while the thread was blocked: ${counts}`);
  const ages = seen.map(({ sampleAgeMs }) => sampleAgeMs).sort((a, b) => a - b);
  assert.ok(ages[ages.length >> 1] < 1500, `the median age of what the onlooker saw is ${ages[ages.length >> 1]} ms`);
});

test('a thread that JavaScript alone keeps busy, without a GC, is sampled by interrupt', async () => {
  const { ages } = lastJson(await runFixture('busy-without-gc.js'));
  const settled = ages.slice(3);
  assert.ok(settled.length >= 5 && settled.every((age) => age < 2000), `ages in ms: ${ages.map(Math.round)}`);
});
