'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { MODES, runFixture, lastJson } = require('./run.js');

for (const { source, node } of MODES) {
  test(`each worker has a watcher of its own (${source})`, async () => {
    const { main, workers } = lastJson(await runFixture('workers.js', { node: [...node, '--max-semi-space-size=1'], args: ['own'] }));
    assert.equal(main.threadId, 0);
    assert.deepEqual(workers.map(({ threadId }) => threadId).sort(), [1, 2]);
    assert.equal(new Set([main, ...workers].map(({ pid }) => pid)).size, 1);
    for (const worker of workers) {
      assert.equal(worker.source, source);
      assert.ok(worker.gcs > 0);
      assert.ok(worker.gcs > main.gcs, 'the main thread does not count the GCs of its workers');
      assert.ok(worker.events > 0, 'its listeners hear of them');
    }
  });
}

test('workers terminated at any moment do no harm without the native part either', async () => {
  const { code, signal, stdout, stderr } = await runFixture('workers.js', { node: ['--no-addons', '--max-semi-space-size=1'], args: ['churn'] });
  assert.deepEqual([code, signal], [0, null], stderr);
  assert.match(stdout, /^terminated 30$/m);
});

test("report().threads holds the other threads' reports, revived, and they leave with their thread", async () => {
  const { during, afterwards } = lastJson(await runFixture('workers.js', { args: ['threads'] }));
  assert.deepEqual(during.map(({ threadId }) => threadId), [1, 2]);
  for (const thread of during) {
    assert.ok(thread.gcs > 0);
    assert.equal(typeof thread.p99, 'number');
    assert.match(thread.line, /^heapwatch \(native\) pid \d+ thread [12]: /);
    assert.equal(thread.threads, 0);
  }
  assert.deepEqual(afterwards, []);
});

test('a preload watches workers, too', async () => {
  const { stdout } = await runFixture('preloaded.js', { node: ['--require', 'heapwatch/register'] });
  assert.deepEqual(stdout.trim().split('\n').sort(), ['0 native', '1 native']);
});

test('an old-generation limit of a worker is known to its report', async () => {
  const { ratio, usedMb } = lastJson(await runFixture('workers.js', { args: ['limited'] }));
  assert.ok(Math.abs(ratio - usedMb / 40) < 0.1, `${ratio} of 40 MB, ${usedMb} MB used`);
});
