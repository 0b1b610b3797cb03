'use strict';

const assert = require('node:assert/strict');
const { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { snapshot, support } = require('..');
const { lastJson, PERMISSION, runFixture } = require('./run.js');
const { filesIn, readSnapshot, withFolder } = require('./snapshots.js');

/** Snapshots by fork are Linux's. */
const forks = process.platform === 'linux';

const take = async (orders, { together = false, ...options } = {}) =>
  lastJson(await runFixture('snapshot/options.js', { ...options, args: [...(together ? ['together'] : []), ...orders.map((order) => JSON.stringify(order))] }));

test('support.fork says whether snapshots can be taken by fork', () => {
  assert.equal(support.fork, forks);
});

test('options are checked before anything is done, and the promise is rejected', async () => {
  const wrong = [
    [{ mode: 'quick' }, 'mode'], [{ path: '' }, 'path'], [{ path: 'a\0b' }, 'path'], [{ dir: 'x'.repeat(5000) }, 'dir'], [{ maxFiles: 0 }, 'maxFiles'],
    [{ maxBytes: '5 apples' }, 'maxBytes'], [{ cooldownMs: -1 }, 'cooldownMs'], [{ timeoutMs: 0 }, 'timeoutMs'], [{ timeoutMs: NaN }, 'timeoutMs'],
    [{ headroom: -5 }, 'headroom'], [{ signal: {} }, 'signal'], [{ allowInline: 1 }, 'allowInline'], [{ nonsense: 1 }, 'nonsense'], [{ path: 'a', dir: 'b' }, 'dir'],
  ];
  for (const [options, option] of wrong) await assert.rejects(snapshot(options), { code: 'HEAPWATCH_INVALID_OPTION', option });
  await assert.rejects(snapshot(7), { code: 'HEAPWATCH_INVALID_OPTION' });
});

test('without the native part it says so', async () => {
  const [result] = await take([{}], { node: ['--no-addons'] });
  assert.equal(result.code, 'HEAPWATCH_UNSUPPORTED');
  assert.match(result.message, /needs the native part/);
});

test('inline, the file has its name, its mode and nothing beside it', () => withFolder(async (dir) => {
  const [result] = await take([{ mode: 'inline', dir }]);
  assert.equal(result.mode, 'inline');
  assert.deepEqual(filesIn(dir), [path.basename(result.path)]);
  assert.match(path.basename(result.path), /^heapwatch-\d+-0-\d+-1\.heapsnapshot$/);
  assert.equal(statSync(result.path).size, result.bytes);
  assert.ok(readSnapshot(result.path).nodes > 100_000);
}));

test('the path that was asked for is taken, in place of a name of ours', () => withFolder(async (dir) => {
  const wanted = path.join(dir, 'mine.heapsnapshot');
  const [result] = await take([{ mode: 'inline', path: wanted }]);
  assert.equal(result.path, wanted);
  assert.deepEqual(filesIn(dir), ['mine.heapsnapshot']);
}));

if (forks) {
  test('a forked snapshot holds what an in-process one holds', () => withFolder(async (dir) => {
    const { forked, inline, fork, node, own } = lastJson(await runFixture('snapshot/content.js', { args: [dir] }));
    assert.deepEqual([forked.mode, inline.mode], ['fork', 'inline']);
    assert.deepEqual(fork.classes, node.classes);
    assert.deepEqual(own.classes, node.classes);
    assert.ok(fork.classes.LeakedRequest === 20_000 && fork.classes.closures === 3_000, JSON.stringify(fork.classes));
    // V8's own objects: within a percent.
    for (const other of [fork, own]) assert.ok(Math.abs(other.nodes - node.nodes) < node.nodes / 100, `${other.nodes} nodes, ${node.nodes} in Node's own`);
  }));

  /** V8 takes a kilobyte for each, which would be 300 MB. */
  const NAMES = 300_000;

  test('the copy takes no kilobyte for each name that V8 makes up', () => withFolder(async (dir) => {
    const { mode, peaks } = lastJson(await runFixture('snapshot/names.js', { args: [dir, NAMES] }));
    assert.deepEqual([mode, peaks.length], ['fork', 1]);
    assert.ok(peaks[0] < NAMES * 400, `${peaks[0]} bytes`);
    const { snapshot: { edge_count: edges }, strings } = JSON.parse(readFileSync(path.join(dir, filesIn(dir)[0]), 'utf8'));
    const found = new Set(strings);
    assert.ok(edges > NAMES);
    for (const index of [0, 7, 99_999, NAMES - 1]) assert.ok(found.has(String(index)), `the ${index}th element has its name`);
  }));

  test('a copy that has crashed is followed by one that changes nothing of how V8 takes memory', () => withFolder(async (dir) => {
    const { mode, peaks } = lastJson(await runFixture('snapshot/names.js', { args: [dir, NAMES, 'crash'] }));
    assert.deepEqual([mode, peaks.length], ['fork', 2]);
    assert.ok(peaks[1] > NAMES * 1000, `${peaks[1]} bytes`);
  }));

  test('forked, only its owner reads the file, whatever the umask', () => withFolder(async (dir) => {
    const [result] = await take([{ dir: path.join(dir, 'new', 'deep') }], { node: ['-r', path.join(__dirname, 'fixtures', 'snapshot', 'umask-0.js')] });
    assert.equal(result.mode, 'fork');
    assert.equal(statSync(result.path).mode & 0o777, 0o600);
    assert.equal(statSync(path.dirname(result.path)).mode & 0o777, 0o700);
    assert.ok(result.pauseMs > 0 && result.pauseMs < result.totalMs);
  }));

  test('the folder of HEAPWATCH_DIR is the default', () => withFolder(async (dir) => {
    const [result] = await take([{}], { env: { HEAPWATCH_DIR: dir } });
    assert.equal(path.dirname(result.path), dir);
  }));

  test('one at a time: the others are told HEAPWATCH_BUSY, and afterwards it works again', () => withFolder(async (dir) => {
    const results = await take([{ dir }, { dir }, { dir }], { together: true });
    assert.deepEqual(results.map(({ code }) => code), [undefined, 'HEAPWATCH_BUSY', 'HEAPWATCH_BUSY']);
    assert.equal(filesIn(dir).length, 1);
    const again = await take([{ dir }, { dir }]);
    assert.ok(again.every(({ mode }) => mode === 'fork'));
  }));

  test('cooldownMs holds the next one off, and says for how long', () => withFolder(async (dir) => {
    const [first, second, third] = await take([{ dir }, { dir, cooldownMs: 60_000 }, { dir }]);
    assert.deepEqual([first.mode, second.code, second.reason, third.mode], ['fork', 'HEAPWATCH_BUSY', 'cooldown', 'fork']);
    assert.match(second.message, /The next can be taken in \d+ ms/);
  }));

  test('too little memory is told with the numbers, before anything is done', () => withFolder(async (dir) => {
    const [result] = await take([{ dir, headroom: '900000GB' }]);
    assert.equal(result.code, 'HEAPWATCH_NO_HEADROOM');
    assert.match(result.message, /A snapshot of a heap of \d+ MB needs about 921600000 MB of free memory, and the (machine|container) has \d+ MB/);
    assert.deepEqual(filesIn(dir), []);
  }));

  test('an abort ends it at once with the reason of the signal, and leaves nothing', () => withFolder(async (dir) => {
    const [result, next] = await take([{ dir, abortAfterMs: 40 }, { dir }]);
    assert.equal(result.name, 'TimeoutError', result.message);
    assert.ok(result.afterMs < 2000, `${result.afterMs} ms`);
    assert.equal(next.mode, 'fork');
    assert.equal(filesIn(dir).length, 1);
  }));

  test('a copy that is not done in time is killed, and leaves nothing', () => withFolder(async (dir) => {
    const [result] = await take([{ dir, timeoutMs: 30 }]);
    assert.deepEqual([result.code, result.reason], ['HEAPWATCH_SNAPSHOT_FAILED', 'timeout']);
    assert.deepEqual(filesIn(dir), []);
  }));

  test('maxFiles keeps the newest, and leaves what is not ours', () => withFolder(async (dir) => {
    writeFileSync(path.join(dir, 'precious.heapsnapshot'), 'mine');
    const results = await take([{ dir }, { dir }, { dir, maxFiles: 2 }]);
    assert.deepEqual(filesIn(dir), [...results.slice(1).map((result) => path.basename(result.path)), 'precious.heapsnapshot'].sort());
  }));

  test('a snapshot larger than maxBytes fails with the reason quota, and leaves nothing', () => withFolder(async (dir) => {
    const [result] = await take([{ dir, maxBytes: '1MB' }]);
    assert.deepEqual([result.code, result.reason], ['HEAPWATCH_SNAPSHOT_FAILED', 'quota']);
    assert.deepEqual(filesIn(dir), []);
  }));

  test('what is at the path already is neither replaced nor followed', () => withFolder(async (dir) => {
    const [victim, link] = [path.join(dir, 'victim'), path.join(dir, 'link')];
    writeFileSync(victim, 'precious');
    symlinkSync(victim, link);
    for (const target of [victim, link]) {
      const [result] = await take([{ path: target }]);
      assert.deepEqual([result.code, result.reason], ['HEAPWATCH_SNAPSHOT_FAILED', 'disk']);
      assert.match(result.message, /nothing is overwritten/);
    }
    assert.equal(readFileSync(victim, 'utf8'), 'precious');
  }));

  test("Node's permission model is respected, though native code is not held to it", () => withFolder(async (dir) => {
    const node = [PERMISSION, '--allow-addons', '--allow-fs-read=*'];
    const [refused] = await take([{ dir }], { node });
    assert.deepEqual([refused.code, refused.reason], ['HEAPWATCH_SNAPSHOT_FAILED', 'permission']);
    assert.match(refused.message, /--allow-fs-write=/);
    assert.ok(existsSync(dir) && filesIn(dir).length === 0);
    const [allowed] = await take([{ dir }], { node: [...node, `--allow-fs-write=${path.join(dir, '*')}`] });
    assert.equal(allowed.mode, 'fork', allowed.message);
  }));
}
