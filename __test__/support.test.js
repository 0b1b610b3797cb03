'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { inspect } = require('node:util');

const { support } = require('..');
const { runFixture, lastJson, PERMISSION, ROOT } = require('./run.js');

/** @param {Parameters<typeof runFixture>[1]} options */
const supportUnder = async (options) => lastJson(await runFixture('support.js', options));

/**
 * @param {Parameters<typeof runFixture>[1]} options
 * @param {RegExp} reason
 */
async function degrades(options, reason) {
  const { support: found, source, heapUsed, warnings } = await supportUnder(options);
  assert.equal(source, 'perf_hooks');
  assert.equal(found.native, false);
  assert.match(found.reason, reason);
  assert.ok(heapUsed > 0);
  assert.equal(warnings.length, 1, 'one warning, though start() was called twice');
  assert.equal(warnings[0].code, 'HEAPWATCH_DEGRADED');
  assert.ok(warnings[0].message.includes(found.reason));
}

test('the native part works here', async () => {
  const found = await supportUnder({});
  assert.deepEqual(found.support, { native: true, fork: true, reason: null, v8: process.versions.v8 });
  assert.equal(found.source, 'native');
  assert.deepEqual(found.warnings, []);
});

test('support is plain to see: enumerable, in JSON, when inspected; and cannot be changed', () => {
  assert.deepEqual(Object.keys(support), ['native', 'fork', 'reason', 'v8']);
  assert.deepEqual(JSON.parse(JSON.stringify(support)), { ...support });
  assert.match(inspect(support), /native: (true|false)/);
  assert.throws(() => { support.native = 'yes'; }, TypeError);
});

test('requiring heapwatch loads no native addon', async () => {
  const { stdout } = await runFixture('loads-lazily.js');
  assert.deepEqual(stdout.trim().split('\n'), ['required: false', 'asked: true']);
});

test('--no-addons degrades, and says so', () => degrades({ node: ['--no-addons'] }, /--no-addons.*Start it without/));

test('the permission model degrades, and names --allow-addons', () => (
  degrades({ node: [PERMISSION, `--allow-fs-read=${ROOT}/*`] }, /permission model.*--allow-addons/)
));

test('with --allow-addons the native part works under the permission model', async () => {
  const { support: found } = await supportUnder({ node: [PERMISSION, '--allow-addons', '--allow-fs-read=*'] });
  assert.deepEqual([found.native, found.reason], [true, null]);
});

for (const check of ['symbols', 'version', 'layout', 'values']) {
  test(`a failed check of V8's ${check} degrades, and says so`, () => degrades({ env: { HEAPWATCH_FAIL_CHECK: check } }, /^[A-Z].*\.$/));
}

test('hooks that V8 never calls are noticed, and perf_hooks takes over', async () => {
  const found = lastJson(await runFixture('silent-hooks.js', { env: { HEAPWATCH_FAIL_CHECK: 'callback' } }));
  assert.equal(found.sourceAtStart, 'native');
  assert.equal(found.source, 'perf_hooks');
  assert.equal(found.native, false);
  assert.match(found.reason, /calls none of them/);
  assert.deepEqual(found.warnings, ['HEAPWATCH_DEGRADED']);
  assert.ok(found.events > 0, 'listeners hear of GCs from then on');
});

test('HEAPWATCH_DISABLE gives an inert watcher, without a warning', async () => {
  const { support: found, source, count, heapUsed, warnings } = await supportUnder({ env: { HEAPWATCH_DISABLE: '1' } });
  assert.equal(found.native, false);
  assert.match(found.reason, /HEAPWATCH_DISABLE is set/);
  assert.deepEqual([source, count, warnings], ['perf_hooks', 0, []]);
  assert.ok(heapUsed > 0);
});

test('a disabled watcher records nothing and keeps no timer, and gc() does no harm', async () => {
  const found = lastJson(await runFixture('disabled.js', { env: { HEAPWATCH_DISABLE: 'yes' }, node: ['--max-semi-space-size=1'] }));
  assert.deepEqual(found, { events: 0, count: 0, pauses: 0, points: 0, intervals: 0, observers: 0, gc: { pauseMs: 0, freedBytes: 0 } });
});
