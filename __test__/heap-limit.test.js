'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const v8 = require('node:v8');
const { Worker } = require('node:worker_threads');

const { estimateOldGenerationLimit, oldGenerationLimitBytes } = require('../lib/heap-limit.js');
const { runFixture, lastJson } = require('./run.js');

const MB = 1024 * 1024;

/** The limit in MB. */
function estimate(known) {
  return estimateOldGenerationLimit({ v8Major: 12, flags: [], resourceLimits: {}, ...known, heapSizeLimit: known.heapSizeLimitMb * MB }) / MB;
}

// Machines of 0.4 to 24 GB, seen by Node 20 (V8 11), 22 (12), 24 (13) and 26 (14): heap_size_limit of
// the main thread, and the old generation's limit as resourceLimits of a worker told it.
const MEASURED = [
  [11, { 259: 256, 396: 384, 524: 512, 792: 768, 1048: 1024, 1584: 1536, 2096: 2048, 4144: 4096 }],
  [12, { 259: 256, 396: 384, 524: 512, 792: 768, 1048: 1024, 1584: 1536, 2096: 2048, 4144: 4096 }],
  [13, { 259: 256, 432: 384, 560: 512, 864: 768, 1120: 1024, 1728: 1536, 2240: 2048, 4288: 4096 }],
  [14, { 268: 256, 408: 384, 536: 512, 816: 768, 1072: 1024, 1632: 1536, 2144: 2048, 4192: 4096 }],
];

for (const [v8Major, limits] of MEASURED) {
  test(`the young generation is taken off as V8 ${v8Major} adds it`, () => {
    for (const [heapSizeLimitMb, oldMb] of Object.entries(limits)) {
      assert.equal(estimate({ v8Major, heapSizeLimitMb: Number(heapSizeLimitMb) }), oldMb);
    }
  });
}

test('--max-old-space-size says it exactly; the last one, in either spelling, wins', () => {
  assert.equal(estimate({ heapSizeLimitMb: 148, flags: ['--max-old-space-size=100'] }), 100);
  assert.equal(estimate({ heapSizeLimitMb: 248, flags: ['--max-old-space-size=100', '--inspect', '--max_old_space_size=200'] }), 200);
  assert.equal(estimate({ heapSizeLimitMb: 148, flags: ['--max-old-space-size=100'], resourceLimits: { maxOldGenerationSizeMb: 300, maxYoungGenerationSizeMb: 48 } }), 100);
});

test('--max-semi-space-size counts three times, rounded up to a power of two', () => {
  assert.equal(estimate({ heapSizeLimitMb: 4099, flags: ['--max-semi-space-size=1'] }), 4096);
  assert.equal(estimate({ heapSizeLimitMb: 4120, flags: ['--max-semi-space-size=5'] }), 4096);
  assert.equal(estimate({ heapSizeLimitMb: 4480, flags: ['--max-semi-space-size=128'] }), 4096);
});

test("a worker's young generation is known", () => {
  assert.equal(estimate({ heapSizeLimitMb: 56, resourceLimits: { maxOldGenerationSizeMb: 50, maxYoungGenerationSizeMb: 6 } }), 50);
});

test('here and now, it is what V8 tells a worker without limits of its own', async () => {
  const worker = new Worker("require('node:worker_threads').parentPort.postMessage(require('node:worker_threads').resourceLimits)", { eval: true });
  const limits = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
  await worker.terminate();
  assert.equal(oldGenerationLimitBytes() / MB, limits.maxOldGenerationSizeMb);
  assert.ok(oldGenerationLimitBytes() < v8.getHeapStatistics().heap_size_limit);
});

test('flags of the command line and of NODE_OPTIONS are seen, the former first', async () => {
  const limit = async (node, NODE_OPTIONS = '') => lastJson(await runFixture('heap-limit.js', { node, env: { NODE_OPTIONS } })) / MB;
  assert.equal(await limit(['--max-old-space-size=100']), 100);
  assert.equal(await limit([], '--no-warnings "--max-old-space-size=120"'), 120);
  assert.equal(await limit(['--max_old_space_size=130'], '--max-old-space-size=120'), 130);
  assert.equal(await limit(['--max-semi-space-size=8']), await limit([]));
});
