'use strict';

// What a watcher must not do to the process that it lives in.

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { MODES, run, runFixture, lastJson } = require('./run.js');

const evaluate = (code, node = [], env = {}) => run(process.execPath, [...node, '-e', code], env);

for (const { source, node } of MODES) {
  test(`a script that only calls start() ends by itself (${source})`, async () => {
    const { code, signal, stdout } = await evaluate("const w = require('./').start({ sampleIntervalMs: 10 }); w.on('gc', () => {}); console.log(w.report().source)", node);
    assert.deepEqual([code, signal, stdout.trim()], [0, null, source]);
  });

  test(`process.exit in a listener keeps its exit code (${source})`, async () => {
    const { code, signal } = await runFixture('exits-in-listener.js', { node });
    assert.deepEqual([code, signal], [7, null]);
  });

  test(`a throwing listener kills nothing (${source})`, async () => {
    const { code, stdout, stderr } = await runFixture('throws-in-listener.js', { node });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^heard [1-9]\d*\nuncaught 0$/m);
    assert.match(stderr, /\[HEAPWATCH_LISTENER_ERROR\].*listener of 'gc' failed: broken on purpose/);
  });

  test(`stop() leaves other PerformanceObservers alone (${source})`, async () => {
    const found = lastJson(await runFixture('other-observer.js', { node }));
    assert.ok(found.duringWatch > 0 && found.afterStop > found.duringWatch, JSON.stringify(found));
  });

  test(`a hundred starts and stops leave no listener, timer or observer behind (${source})`, async () => {
    const found = lastJson(await runFixture('starts-and-stops.js', { node }));
    assert.deepEqual(found.listeners, found.listenersBefore);
    assert.equal(found.intervals, 0);
    assert.equal(found.observers, 0);
  });
}

test('--require heapwatch/register watches from the first line on', async () => {
  const { code, stdout } = await evaluate("console.log(require('heapwatch').report().source)", ['--require', 'heapwatch/register']);
  assert.deepEqual([code, stdout.trim()], [0, 'native']);
});

test('--import heapwatch/register does too', async () => {
  const { code, stdout } = await evaluate("console.log(require('heapwatch').report().source)", ['--import', 'heapwatch/register']);
  assert.deepEqual([code, stdout.trim()], [0, 'native']);
});

test('heapwatch/register does nothing where HEAPWATCH_DISABLE is set', async () => {
  const { code, stdout } = await evaluate("try { require('heapwatch').report() } catch (e) { console.log(e.code) }", ['--require', 'heapwatch/register'], { HEAPWATCH_DISABLE: '1' });
  assert.deepEqual([code, stdout.trim()], [0, 'HEAPWATCH_NOT_RUNNING']);
});

test('a wrong HEAPWATCH_INTERVAL is told, and the program runs', async () => {
  const { code, stdout, stderr } = await evaluate("require('./').start(); console.log('runs')", [], { HEAPWATCH_INTERVAL: '1s' });
  assert.deepEqual([code, stdout.trim()], [0, 'runs']);
  assert.match(stderr, /HEAPWATCH_INVALID_OPTION.*HEAPWATCH_INTERVAL is '1s'/);
});

test('ES modules import the names', async () => {
  const { code, stdout, stderr } = await runFixture('imports.mjs');
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), ['HeapwatchError', 'PauseHistogram', 'analyze', 'dashboard', 'default', 'diff', 'gc', 'healthCheck', 'instrumentOpenTelemetry', 'instrumentPrometheus', 'measure', 'mergeReports', 'metrics', 'pendingSnapshots', 'report', 'requestTiming', 'reset', 'snapshot', 'start', 'stop', 'support']);
});
