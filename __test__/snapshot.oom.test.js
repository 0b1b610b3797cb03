'use strict';

// The heap of a process that dies of it. Linux; as root also in containers.

const assert = require('node:assert/strict');
const { copyFileSync, readFileSync, realpathSync, statSync } = require('node:fs');
const { test } = require('node:test');
const path = require('node:path');

const { isWritable, runInCgroup } = require('./cgroup.js');
const { lastJson, run, runFixture } = require('./run.js');
const { filesIn, readSnapshot, withFolder } = require('./snapshots.js');

const linuxTest = process.platform === 'linux' ? test : () => {};
const SMALL = '--max-old-space-size=50';
const DIES = path.join(__dirname, 'fixtures', 'snapshot', 'dies.js');

/** The copy outlives the process that it shows. */
async function complete(dir) {
  for (let tries = 0; tries < 1200; tries += 1) {
    const files = filesIn(dir);
    if (files.length > 0 && files.every((name) => name.endsWith('.heapsnapshot'))) return files.map((name) => path.join(dir, name));
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  throw new Error(`no complete snapshot: ${filesIn(dir)}`);
}

for (const how of ['gradual', 'array', 'strings']) {
  linuxTest(`at the limit (${how}) the copy writes the heap, and the process dies as it does without`, () => withFolder(async (dir) => {
    const without = await runFixture('snapshot/dies.js', { node: [SMALL], args: [how] });
    const result = await runFixture('snapshot/dies.js', { node: [SMALL], args: [how, dir] });
    assert.deepEqual([result.code, result.signal], [without.code, without.signal]);
    assert.match(result.stderr, /heapwatch: the heap limit is near\. A forked process \(\d+\) writes the heap to .*; stopped for [\d.]+ ms\./);
    assert.match(result.stderr, /JavaScript heap out of memory/);
    const [file] = await complete(dir);
    assert.ok(path.basename(file).startsWith(`heapwatch-oom-${result.stdout.trim()}-0-`), file);
    const snapshot = readSnapshot(file);
    assert.ok(snapshot.count('LeakedThing') >= 1000);
    const handles = snapshot.edgesOf('(Handle scope)', 'synthetic');
    assert.ok(handles > 0 && handles < 1000, `${handles} handles: counting the classes has left its own in the snapshot`);
  }));
}

linuxTest('the next start tells what was left, and the file can be taken away', () => withFolder(async (dir) => {
  await runFixture('snapshot/dies.js', { node: [SMALL], args: ['array', dir] });
  const { told, pending } = lastJson(await runFixture('snapshot/next-start.js', { args: [dir] }));
  const [file] = await complete(dir);
  assert.deepEqual(told.map(({ path: of, reason }) => [of, reason]), [[file, 'oom']]);
  assert.deepEqual(pending, told);
}));

/** What a refusal leaves for the next start, read. */
async function refusalIn(dir) {
  const { told, pending } = lastJson(await runFixture('snapshot/next-start.js', { args: [dir] }));
  assert.deepEqual(pending, told);
  assert.deepEqual(told.map(({ kind, reason }) => [kind, reason]), [['refused', 'oom']]);
  assert.deepEqual(filesIn(dir), [path.basename(told[0].path)]);
  assert.equal(statSync(told[0].path).mode & 0o777, 0o600);
  const refusal = JSON.parse(readFileSync(told[0].path, 'utf8'));
  assert.deepEqual([refusal.pid, refusal.threadId], [told[0].pid, told[0].threadId]);
  assert.ok(Math.abs(refusal.timeMs - told[0].timeMs) < 1000);
  return refusal;
}

linuxTest('where there is too little memory for any copy, the next start tells that, and why', () => withFolder(async (dir) => {
  const script = `require('./').start({ oom: { snapshot: true, dir: ${JSON.stringify(dir)}, headroom: '900000GB' } }); const a = []; for (;;) a.push({ i: a.length })`;
  const { stderr } = await run(process.execPath, [SMALL, '-e', script]);
  const { code, reason, message, heapUsedBytes, neededBytes, freeBytes } = await refusalIn(dir);
  assert.deepEqual([code, reason, neededBytes], ['HEAPWATCH_NO_HEADROOM', 'memory', 900_000 * 1024 ** 3]);
  assert.ok(stderr.includes(message), stderr);
  assert.ok(heapUsedBytes > 20e6 && freeBytes > 0);
}));

linuxTest("in a worker the limit stays Node's: an error that can be caught, and a warning that says so", async () => {
  const script = `const { Worker } = require('node:worker_threads');
    const code = "require('./').start({ oom: { snapshot: true } }); setTimeout(() => { const a = []; for (;;) a.push({ i: a.length }); }, 500)";
    new Worker(code, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 30 } }).on('error', (error) => console.log(error.code))`;
  const { code, stdout, stderr } = await run(process.execPath, ['-e', script]);
  assert.deepEqual([code, stdout.trim()], [0, 'ERR_WORKER_OUT_OF_MEMORY']);
  assert.match(stderr, /HEAPWATCH_OOM_UNSUPPORTED.*worker thread/);
});

linuxTest('where Node was asked for its own snapshots, ours is not taken', () => withFolder(async (dir) => {
  const { stderr } = await run(process.execPath, ['--heapsnapshot-near-heap-limit=1', '-e', `require('./').start({ oom: { snapshot: true, dir: ${JSON.stringify(dir)} } })`]);
  assert.match(stderr, /HEAPWATCH_OOM_UNSUPPORTED.*--heapsnapshot-near-heap-limit/);
}));

linuxTest('where something else waits for the limit already, it is left in its place', async () => {
  const { stderr } = await run(process.execPath, ['-e', "require('node:v8').setHeapSnapshotNearHeapLimit(1); require('./').start({ oom: { snapshot: true } })"]);
  assert.match(stderr, /HEAPWATCH_OOM_UNSUPPORTED.*v8\.setHeapSnapshotNearHeapLimit\(\)/);
});

linuxTest('what cannot be is told on stderr, and the process dies as it does without', async () => {
  const { stderr, signal, code } = await runFixture('snapshot/dies.js', { node: [SMALL], args: ['gradual', '/proc/heapwatch'] });
  assert.match(stderr, /no snapshot could be taken \(HEAPWATCH_SNAPSHOT_FAILED, disk\)/);
  assert.ok(signal === 'SIGABRT' || code === 134, `${signal} ${code}`);
});

const isRoot = process.platform === 'linux' && process.geteuid?.() === 0;
const rootTest = isRoot ? linuxTest : (name) => test(name, { skip: 'needs root' }, () => {});

rootTest('as the first process of its PID namespace it waits for the copy, which would die with it', () => withFolder(async (dir) => {
  await run('unshare', ['-pf', '--mount-proc', process.execPath, SMALL, DIES, 'array', dir]);
  const files = filesIn(dir);
  assert.deepEqual(files.map((name) => path.extname(name)), ['.heapsnapshot']);
  assert.ok(readSnapshot(path.join(dir, files[0])).count('LeakedThing') >= 1000);
}));

rootTest('as the only child of a small init it waits for the copy, too', () => withFolder(async (dir) => {
  const init = path.join(dir, 'tini');
  copyFileSync(realpathSync('/bin/sh'), init);
  const left = path.join(dir, 'left');
  await run('unshare', ['-pf', '--mount-proc', init, '-c', '"$@"; exit $?', 'tini', process.execPath, SMALL, DIES, 'array', left]);
  assert.deepEqual(filesIn(left).map((name) => path.extname(name)), ['.heapsnapshot']);
}));

linuxTest("as systemd's main process it waits for the copy, too", () => withFolder(async (dir) => {
  await run('sh', ['-c', 'SYSTEMD_EXEC_PID=$$ exec "$@"', 'sh', process.execPath, SMALL, DIES, 'array', dir]);
  assert.deepEqual(filesIn(dir).map((name) => path.extname(name)), ['.heapsnapshot']);
}));

linuxTest('a rule takes a snapshot while the event loop hangs, and tells it when the loop is free', () => withFolder(async (dir) => {
  const { whileHung, snapshot } = lastJson(await runFixture('snapshot/hangs.js', { env: { HEAPWATCH_DIR: dir } }));
  assert.deepEqual(whileHung, [path.basename(snapshot.path)]);
  assert.equal(snapshot.reason, 'threshold');
  assert.equal(readSnapshot(snapshot.path).count('HungThing'), 5000);
}));

if (isRoot && isWritable()) {
  test('in a container too tight for it, the refusal is told with the numbers', () => withFolder(async (dir) => {
    const script = `require('./').start({ oom: { snapshot: true, dir: ${JSON.stringify(dir)} } }); const a = []; for (;;) a.push({ i: a.length })`;
    const { stderr } = await runInCgroup(150, process.execPath, [SMALL, '-e', script]);
    assert.match(stderr, /HEAPWATCH_NO_HEADROOM, memory\): A snapshot of a heap of \d+ MB needs about \d+ MB of free memory, and the container has \d+ MB free of 150 MB/);
    const { containerLimitBytes, freeBytes, neededBytes } = await refusalIn(dir);
    assert.equal(containerLimitBytes, 150 * 1024 * 1024);
    assert.ok(freeBytes < neededBytes, `${freeBytes} bytes free, ${neededBytes} needed`);
  }));

  test('where memory is too short for a snapshot, the classes are counted, told, and found by the next start', () => withFolder(async (dir) => {
    const script = `require('./').start({ oom: { snapshot: true, dir: ${JSON.stringify(dir)}, waitMs: 50000 } });
      class LeakedThing { constructor(i) { this.link = { i }; } }
      globalThis.leak = []; for (let i = 0; ; i += 1) leak.push(new LeakedThing(i))`;
    const { stderr, signal } = await runInCgroup(250, process.execPath, [SMALL, '-e', script]);
    assert.equal(signal, 'SIGABRT');
    assert.match(stderr, /the forked process ended before the snapshot was complete .* The heap holds .*\d{6} LeakedThing/);
    const { told, pending } = lastJson(await runFixture('snapshot/next-start.js', { args: [dir] }));
    assert.deepEqual(told.map(({ kind, reason }) => [kind, reason]), [['classes', 'oom']]);
    assert.deepEqual(pending, told);
    const { classes } = JSON.parse(readFileSync(told[0].path, 'utf8'));
    assert.ok(new Map(classes).get('LeakedThing') > 300_000);
  }));

  test('a copy that the kernel kills for want of memory leaves no half snapshot behind, and the process dies as it does without', () => withFolder(async (dir) => {
    const { stderr, signal } = await runInCgroup(200, process.execPath, [SMALL, DIES, 'array', dir, '50000']);
    assert.equal(signal, 'SIGABRT');
    assert.match(stderr, /the forked process ended before the snapshot was complete/);
    assert.deepEqual(filesIn(dir).filter((name) => name.includes('heapsnapshot')), []);
  }));

  test('a copy that takes the last memory of its container is stopped, and the application lives', () => withFolder(async (dir) => {
    const script = `globalThis.heap = Array.from({ length: 400_000 }, (_, i) => 'text ' + i + Math.random());
      require('./').snapshot({ mode: 'fork', dir: ${JSON.stringify(dir)}, headroom: '1MB' }).then(() => console.log('taken'), (error) => console.log(error.code))`;
    const { code, stdout } = await runInCgroup(200, process.execPath, ['-e', script]);
    assert.equal(code, 0);
    assert.match(stdout, /^(HEAPWATCH_NO_HEADROOM|HEAPWATCH_SNAPSHOT_FAILED)$/m);
    assert.deepEqual(filesIn(dir), []);
  }));
}
