'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { lastJson, runFixture } = require('./run.js');

test('workers that end at any moment, under GC load, harm nobody and leave nothing behind', async () => {
  const result = await runFixture('worker-churn.js', { args: ['60'] });
  assert.equal(result.signal, null, result.stderr);
  assert.equal(result.code, 0, result.stderr);
  const { workers, most, left, whileRunning, afterStop } = lastJson(result);
  assert.equal(workers, 60);
  assert.ok(most >= 2, `at most ${most} workers were seen at once`);
  assert.equal(left, 0, 'every ended worker is forgotten');
  if (process.platform === 'linux') {
    assert.equal(whileRunning.filter((name) => name === 'heapwatch').length, 1, 'one aggregator thread for the process');
    assert.equal(afterStop.filter((name) => name === 'heapwatch').length, 0, 'joined on the last stop');
  }
});

test('starting and stopping 2,000 times takes no memory', async () => {
  const { times, before, after } = lastJson(await runFixture('start-stop.js', { args: ['2000'] }));
  assert.equal(times, 2000);
  // One watcher takes 1.6 MB: if one in a hundred of the 2,000 stayed, it would be 30 MB.
  assert.ok(after.rss - before.rss < 8 * 2 ** 20, `RSS grew by ${after.rss - before.rss} bytes`);
  assert.ok(after.heapUsed - before.heapUsed < 2 ** 20, `the heap grew by ${after.heapUsed - before.heapUsed} bytes`);
});
