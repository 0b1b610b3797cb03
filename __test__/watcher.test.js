'use strict';

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const { once } = require('node:events');
const { performance, PerformanceObserver } = require('node:perf_hooks');
const { after, afterEach, mock, test } = require('node:test');

const heapwatch = require('..');
const { makeGarbage, turn, until } = require('./garbage.js');

const { start, stop, report, reset, support } = heapwatch;

// A watcher keeps no process alive, so something else must while a test waits for its events.
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

afterEach(() => {
  // Whatever a failed test left running must not run in the next one.
  for (let i = 0; i < 10; i += 1) stop();
});

/** Collects the process's warnings of heapwatch's listeners while `work` runs. */
async function listenerWarnings(work) {
  const warnings = [];
  const collect = (warning) => { if (warning.code === 'HEAPWATCH_LISTENER_ERROR') warnings.push(warning); };
  process.on('warning', collect);
  await work();
  await turn();
  process.off('warning', collect);
  return warnings;
}

const garbageUntil = (condition, what) => until(() => makeGarbage() >= 0 && condition(), what);

test('start() is counted: the same watcher, until as many stops', () => {
  const watcher = start();
  assert.equal(start(), watcher);
  watcher.stop();
  assert.equal(report().source, support.native ? 'native' : 'perf_hooks');
  stop();
  assert.throws(report, { code: 'HEAPWATCH_NOT_RUNNING' });
});

test('stopping once more does nothing, also to the next watcher', () => {
  const first = start();
  first.stop();
  first.stop();
  stop();
  const second = start();
  assert.notEqual(second, first);
  first.stop();
  assert.equal(report().pid, process.pid);
  second.stop();
});

test('after the last stop, the final report stays', async () => {
  const watcher = start();
  makeGarbage(50);
  await turn();
  watcher.stop();
  const final = watcher.report();
  assert.ok(final.gc.all.count > 0);
  assert.equal(watcher.pauses().length, final.gc.all.count);
  makeGarbage(50);
  await turn();
  assert.deepEqual(watcher.report(), final);
  assert.equal(watcher.pauses().length, final.gc.all.count);
  assert.deepEqual(watcher.timeline().tiers.map(({ intervalMs }) => intervalMs), [1000, 10_000, 300_000]);
  assert.throws(() => watcher.reset(), { code: 'HEAPWATCH_NOT_RUNNING' });
});

test('a GC from before start() is not counted, though Node may tell of it afterwards', async () => {
  const other = new PerformanceObserver(() => {}); // so that Node has something to tell
  other.observe({ entryTypes: ['gc'] });
  makeGarbage(100);
  const startedMs = performance.timeOrigin + performance.now();
  const watcher = start();
  await turn();
  assert.ok(watcher.pauses().every(({ timeMs }) => timeMs > startedMs - 1));
  assert.equal(watcher.pauses().length, watcher.report().gc.all.count);
  other.disconnect();
});

test('options of a second start() replace those of the first', async () => {
  const watcher = start({ sampleIntervalMs: 3_600_000 });
  start({ gcStatistics: false });
  start({ sampleIntervalMs: 20 });
  const [sample] = await once(watcher, 'sample');
  assert.deepEqual(Object.keys(sample), ['timeMs', 'rss', 'heapTotal', 'heapUsed', 'youngUsed', 'oldSpaceUsed', 'largeSpacesUsed', 'external', 'heapAfterLastMajorGc']);
  assert.ok(sample.oldSpaceUsed > 0 && sample.youngUsed + sample.oldSpaceUsed + sample.largeSpacesUsed <= sample.heapUsed);
  assert.ok(Math.abs(sample.timeMs - Date.now()) < 60_000);
});

test('with sampleIntervalMs 0, samples come with GCs and not without', async () => {
  const watcher = start({ sampleIntervalMs: 0 });
  let samples = 0;
  let gcs = 0;
  watcher.on('sample', () => { samples += 1; }).on('gc', () => { gcs += 1; });
  await garbageUntil(() => samples > 0 || gcs > 200, 'a sample');
  assert.ok(samples > 0, `no sample at ${gcs} GCs`);
});

test('an abort is one stop', () => {
  const controller = new AbortController();
  const watcher = start();
  start({ signal: controller.signal });
  controller.abort();
  assert.equal(report().pid, process.pid, 'the other start still counts');
  watcher.stop();
  assert.throws(report, { code: 'HEAPWATCH_NOT_RUNNING' });
});

test('an abort after the last stop does nothing to the next watcher, and the signal is let go', () => {
  const listeners = new Set();
  const signal = { aborted: false, addEventListener: (_, listener) => listeners.add(listener), removeEventListener: (_, listener) => listeners.delete(listener) };
  start({ signal });
  const [abort] = listeners;
  stop();
  assert.equal(listeners.size, 0);
  start();
  abort();
  assert.equal(report().pid, process.pid);
});

test('a signal that is aborted already gives a stopped watcher, or the running one untouched', () => {
  const signal = AbortSignal.abort();
  const stopped = start({ signal });
  assert.throws(report, { code: 'HEAPWATCH_NOT_RUNNING' });
  assert.equal(stopped.report().pid, process.pid);

  const running = start();
  assert.equal(start({ signal }), running);
  running.stop();
  assert.throws(report, { code: 'HEAPWATCH_NOT_RUNNING' });
});

test('a watcher can be disposed of', () => {
  const watcher = start();
  watcher[Symbol.dispose ?? Symbol.for('Symbol.dispose')]();
  assert.throws(report, { code: 'HEAPWATCH_NOT_RUNNING' });
});

test('every GC is an event, once and in order', async () => {
  const watcher = start();
  const pauses = [];
  watcher.on('gc', (pause) => pauses.push(pause));
  await garbageUntil(() => watcher.report().gc.major.count > 0 && watcher.report().gc.minor.count > 3, 'GCs of both kinds');
  await turn();
  watcher.stop(); // hands out what is still queued
  const { gc } = watcher.report();
  for (const kind of ['minor', 'major', 'incremental', 'weak']) {
    assert.equal(pauses.filter((pause) => pause.kind === kind).length, gc[kind].count, kind);
  }
  assert.deepEqual(pauses, watcher.pauses());
  assert.ok(pauses.every(({ pauseMs, timeMs }) => pauseMs > 0 && Math.abs(timeMs - Date.now()) < 60_000));
  // A GC is told when it ends: one inside another comes before it, all others by their beginning.
  const outer = pauses.filter(({ nested }) => !nested).map(({ timeMs }) => timeMs);
  assert.deepEqual(outer, outer.toSorted((a, b) => a - b));
});

test('what happened before anybody listened is no event', async () => {
  const watcher = start();
  makeGarbage(50);
  await turn();
  const listening = Date.now();
  const pauses = [];
  watcher.on('gc', (pause) => pauses.push(pause));
  await garbageUntil(() => pauses.length > 0, 'a gc event');
  assert.ok(pauses.every(({ timeMs }) => timeMs >= listening - 1));
});

test('listeners come and go as on any emitter', async () => {
  const watcher = start();
  let every = 0;
  let first = 0;
  const count = () => { every += 1; };
  watcher.on('gc', count).once('gc', () => { first += 1; });
  await garbageUntil(() => every > 2, 'gc events');
  assert.equal(first, 1);
  watcher.off('gc', count);
  const before = every;
  makeGarbage(50);
  await turn(150);
  assert.equal(every, before);
  watcher.on('gc', count);
  await garbageUntil(() => every > before, 'gc events again');
});

test('a listener that throws becomes a warning, and the others still get the event', async () => {
  const watcher = start();
  let heard = 0;
  const warnings = await listenerWarnings(async () => {
    watcher.on('gc', () => { throw new TypeError('broken on purpose'); });
    watcher.on('gc', () => { heard += 1; });
    await garbageUntil(() => heard > 2, 'the second listener');
  });
  assert.equal(warnings.length, 1, 'the same failure is told once');
  assert.equal(warnings[0].name, 'HeapwatchWarning');
  assert.match(warnings[0].message, /listener of 'gc' failed: broken on purpose/);
  assert.match(warnings[0].detail, /TypeError: broken on purpose\n +at .*watcher\.test\.js/);
});

test('so does one that rejects, and one that throws nonsense', async () => {
  const watcher = start();
  let heard = 0;
  const warnings = await listenerWarnings(async () => {
    watcher.once('gc', async () => { throw new Error('rejected on purpose'); });
    watcher.once('gc', () => { throw null; });
    watcher.once('gc', () => { throw { get message() { throw new Error('rude'); } }; });
    watcher.on('gc', () => { heard += 1; });
    await garbageUntil(() => heard > 0, 'the last listener');
  });
  assert.deepEqual(warnings.map(({ message }) => message.split('failed: ')[1]).sort(), ['null', 'rejected on purpose', 'with something that cannot be shown']);
});

test('a listener that stops the watcher ends the events right there', async () => {
  const watcher = start();
  let heard = 0;
  watcher.on('gc', () => {
    heard += 1;
    watcher.stop();
  });
  await until(() => makeGarbage(50) >= 0 && heard > 0, 'a gc event');
  makeGarbage(50);
  await turn(150);
  assert.equal(heard, 1);
  assert.ok(watcher.report().gc.all.count >= 1);
});

test('reset() starts counts and histograms anew', async () => {
  const watcher = start();
  await garbageUntil(() => watcher.report().gc.all.count > 3, 'GCs');
  const before = watcher.report();
  reset();
  const after = watcher.report();
  assert.ok(after.gc.all.count < before.gc.all.count);
  assert.equal(after.gc.all.pause.count, after.gc.all.count);
  assert.ok(after.gc.all.totalMs < before.gc.all.totalMs);
  assert.ok(after.uptimeMs >= before.uptimeMs, 'uptime goes on');
  assert.ok(watcher.pauses().length >= before.gc.all.count, 'the ledger goes on');
});

test('pauses() can be asked from a time on', async () => {
  const watcher = start();
  await garbageUntil(() => watcher.pauses().length > 5, 'GCs');
  const all = watcher.pauses();
  const { timeMs } = all[3];
  assert.deepEqual(watcher.pauses(timeMs).slice(0, 3), all.filter((pause) => pause.timeMs >= timeMs).slice(0, 3));
  assert.deepEqual(watcher.pauses(Date.now() + 60_000), []);
  assert.throws(() => watcher.pauses(NaN), { code: 'HEAPWATCH_INVALID_OPTION', option: 'sinceMs' });
});

test('a report is whole, says itself in one line, and survives JSON', async () => {
  const watcher = start();
  await garbageUntil(() => watcher.report().gc.minor.count > 0, 'a minor GC');
  const now = watcher.report();
  assert.deepEqual(Object.keys(now).sort(), [
    'allocation', 'arrayBuffers', 'containerLimit', 'containerUsedRatio', 'external', 'gc', 'growth', 'heapAfterLastMajorGc', 'heapLimit',
    'heapTotal', 'heapUsed', 'heapUsedRatio', 'memoryLimit', 'pid', 'rss', 'sampleAgeMs', 'schemaVersion', 'source', 'spaces', 'threadId', 'threads',
    'uptimeMs', 'usedRatio',
  ]);
  assert.equal(now.pid, process.pid);
  assert.equal(now.threadId, 0);
  assert.ok(now.rss > now.heapUsed && now.heapTotal >= now.heapUsed && now.heapUsed > 1e6);
  assert.ok(now.heapUsedRatio > 0 && now.heapUsedRatio < 0.5 && now.usedRatio >= now.heapUsedRatio);
  assert.ok(now.spaces.old_space.used > 0 && now.spaces.old_space.size >= now.spaces.old_space.used);
  const { minor } = now.gc;
  assert.equal(minor.pause.count, minor.count);
  assert.ok(minor.pause.percentile(50) <= minor.pause.max && minor.totalMs > 0);
  assert.match(String(now), /^heapwatch \((native|perf_hooks)\) pid \d+: heap [\d.]+ MB, [\d.]+ % of its limit; rss .* GCs?, /);
  assert.equal(String(now).split('\n').length, 1);
  const revived = heapwatch.PauseHistogram.from(JSON.parse(JSON.stringify(now)).gc.minor.pause);
  assert.equal(revived.percentile(99), minor.pause.percentile(99));
});

test('fake timers and clocks do not touch a watcher', async () => {
  mock.timers.enable({ apis: ['setInterval', 'setTimeout', 'setImmediate', 'Date'], now: 1 });
  try {
    const watcher = start({ sampleIntervalMs: 20 });
    const sample = await new Promise((resolve) => { watcher.once('sample', resolve); });
    assert.equal(Date.now(), 1);
    assert.ok(sample.timeMs > 1e12);
  } finally {
    mock.timers.reset();
  }
});

test('a watcher started inside a request does not keep its AsyncLocalStorage store', async () => {
  const storage = new AsyncLocalStorage();
  const watcher = storage.run({ request: 1 }, () => start({ sampleIntervalMs: 20 }));
  const store = await new Promise((resolve) => { watcher.once('sample', () => resolve(storage.getStore())); });
  assert.equal(store, undefined);
});

if (support.native) {
  test('gc() collects, and says what it took', () => {
    const watcher = start();
    const before = watcher.report().gc.major.count;
    const garbage = Array.from({ length: 100_000 }, (_, i) => ({ i }));
    garbage.length = 0;
    const { pauseMs, freedBytes } = heapwatch.gc();
    assert.ok(pauseMs > 0 && freedBytes > 0);
    const { gc, heapAfterLastMajorGc } = watcher.report();
    assert.ok(gc.major.count > before);
    assert.ok(heapAfterLastMajorGc > 0);
    assert.ok(watcher.pauses().at(-1).forced);
  });
} else {
  test('gc() needs the native part or global.gc', () => {
    assert.throws(() => heapwatch.gc(), { code: 'HEAPWATCH_UNSUPPORTED', message: /--expose-gc/ });
    globalThis.gc = () => {};
    try {
      assert.equal(heapwatch.gc().freedBytes >= 0, true);
    } finally {
      delete globalThis.gc;
    }
  });
}
