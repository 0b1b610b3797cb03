'use strict';

// How fast a crossing is told. All figures are printed; the median is what is asserted, for a machine that
// runs other things too.

const assert = require('node:assert/strict');
const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const { MODES, lastJson, runFixture } = require('./run.js');

/** What is promised. */
const PROMISED_MS = 200;
const sorted = (latencies) => latencies.map(Math.round).sort((a, b) => a - b);

/**
 * @param {import('node:test').TestContext} t
 * @param {string} what
 * @param {number[]} latencies
 */
function judge(t, what, latencies) {
  const ms = sorted(latencies);
  const median = ms[ms.length >> 1];
  t.diagnostic(`${what}: median ${median} ms of ${ms.join(', ')} (promised: ${PROMISED_MS})`);
  assert.ok(median < PROMISED_MS, `median ${median} ms`);
}

for (const { source, node } of MODES) {
  test(`with an idle event loop the callback comes within 200 ms of the crossing (${source})`, async (t) => {
    const { latencies } = lastJson(await runFixture('latency-idle.js', { node: [...node, '--expose-gc'] }));
    judge(t, 'crossing to callback', latencies);
  });
}

const BLOCKS = { busy: 'JavaScript never pauses', stuck: 'JavaScript hangs in native code' };

for (const [how, meaning] of Object.entries(BLOCKS)) {
  test(`with a blocked event loop the line is on stderr within 200 ms of the crossing: ${meaning}`, async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'heapwatch-'));
    try {
      const file = path.join(folder, 'stderr');
      const result = await runFixture('latency-blocked.js', { node: ['--expose-gc'], args: [how, file], stderrFile: file });
      const stderr = readFileSync(file, 'utf8');
      const { latencies, calls, early, runs, source } = lastJson({ ...result, stderr });
      assert.equal(source, 'native', stderr);
      judge(t, 'crossing to line', latencies);
      assert.ok(latencies.every((ms) => ms > -50), 'no line came before the crossing');
      assert.equal(early, 0, 'no callback came while the loop was blocked');
      assert.equal(calls, runs, 'each came afterwards');
      const lines = stderr.trim().split('\n');
      assert.equal(lines.length, runs, stderr);
      for (const line of lines) assert.match(line, /^heapwatch: process \d+ thread 0: max\w+Bytes [\d.]+ crossed with [\d.]+$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test('without the native part the line comes once the event loop is free', async () => {
  const { stderr } = await runFixture('rule-log.js', { node: ['--no-addons'] });
  assert.match(stderr, /^heapwatch: process \d+ thread 0: maxRssBytes 1 crossed with \d+$/m);
});
