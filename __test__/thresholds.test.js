'use strict';

// Rules end to end, with the native part and without: each program crosses its limits on purpose, in a
// process of its own.

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { MODES, lastJson, runFixture } = require('./run.js');

const LIMITS = { maxHeapUsedBytes: 60 * 1024 ** 2, maxUsedRatio: 0.5, maxRssBytes: 60 * 1024 ** 2, maxExternalBytes: 50 * 1024 ** 2, maxGcPauseMs: 15, maxGcTimeRatio: 0.02 };

test('rules go on when the native part has to be given up', async () => {
  const result = await runFixture('rule-states.js', { node: ['--expose-gc'], args: ['degrading'], env: { HEAPWATCH_FAIL_CHECK: 'callback' } });
  assert.deepEqual(lastJson(result), { before: 'native' });
});

test('a rule with all seven fields fires once the last of them holds', async () => {
  const found = lastJson(await runFixture('rule-all-fields.js', { node: ['--max-old-space-size=100'] }));
  assert.ok(found.values, `never: ${JSON.stringify(found)}`);
  assert.deepEqual(Object.keys(found.values), found.fields);
  assert.deepEqual(Object.keys(found.alone).sort(), [...found.fields].sort(), 'each of them held');
  const lastMs = Math.max(...Object.values(found.alone));
  assert.ok(found.togetherMs >= lastMs - 500, `together after ${found.togetherMs} ms, the last alone after ${lastMs} ms`);
});

for (const { source, node } of MODES) {
  const scene = async (name) => lastJson(await runFixture('rule-states.js', { node: [...node, '--expose-gc'], args: [name] }));

  for (const [field, limit] of Object.entries(LIMITS)) {
    test(`${field} fires when it is exceeded, and not before (${source})`, async () => {
      const found = lastJson(await runFixture('rule-fields.js', { node: [...node, '--expose-gc', '--max-old-space-size=100'], args: [field] }));
      assert.equal(found.source, source);
      assert.equal(found.early, 0, 'nothing was crossed yet');
      assert.deepEqual(Object.keys(found.values), [field], "the rule's own fields only");
      assert.ok(found.values[field] > limit, `${found.values[field]} is over ${limit}`);
      assert.ok(found.isRule, 'the rule comes back as it was given');
      assert.ok(found.ageMs > -2 && found.ageMs < 5000, `${found.ageMs} ms ago`);
      assert.deepEqual(found.events, [{ values: found.values, timeMs: found.timeMs, pid: found.pid }], 'the event says the same');
    });
  }

  test(`a rule with two fields fires when both hold together (${source})`, async () => {
    assert.deepEqual((await scene('together')).counts, [0, 0, 0, 1]);
  });

  test(`forMs must pass without a break (${source})`, async () => {
    const { afterBreak, heldMs } = await scene('forMs');
    assert.equal(afterBreak, 0);
    assert.ok(heldMs >= 950 && heldMs < 3000, `fired after ${heldMs} ms`);
  });

  test(`a rule fires again only after the value has fallen by five percent (${source})`, async () => {
    assert.deepEqual((await scene('hysteresis')).counts, [1, 1, 1, 1, 1, 1, 2, 2, 2]);
  });

  test(`and only after its cooldown (${source})`, async () => {
    const { gaps } = await scene('cooldown');
    assert.ok(gaps.length >= 1 && gaps.every((gap) => gap >= 1999), `gaps in ms: ${gaps}`);
  });

  test(`calls of a callback do not overlap, and the newest crossing is told afterwards (${source})`, async () => {
    const { whilePending, calls, crossed, most } = await scene('oneInFlight');
    assert.equal(crossed.length, 4);
    assert.equal(whilePending, 1);
    assert.deepEqual(calls, [crossed[0], crossed[3]]);
    assert.equal(most, 1);
  });

  test(`a rule ends when disposed of, or with its watcher (${source})`, async () => {
    assert.deepEqual(await scene('disposed'), { calls: ['second'], crossed: 1, code: 'HEAPWATCH_NOT_RUNNING' });
  });

  test(`rules of start() end with its signal (${source})`, async () => {
    assert.deepEqual((await scene('signal')).counts, [1, 1, 3]);
  });

  test(`crossings are published (${source})`, async () => {
    assert.deepEqual(await scene('channel'), { name: 'heapwatch:threshold', count: 1, keys: ['report', 'rule', 'timeMs', 'values'], same: true });
  });

  test(`a callback that throws becomes a warning (${source})`, async () => {
    const { warnings } = await scene('throwing');
    assert.deepEqual(warnings.map(({ message }) => message), ['heapwatch: a callback of onThreshold() failed: broken on purpose']);
  });
}
