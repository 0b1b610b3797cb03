'use strict';

// What a forked snapshot must not do to the application that asks for it. Linux.

const assert = require('node:assert/strict');
const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { lastJson, run, runFixture } = require('./run.js');
const { filesIn, readSnapshot, withFolder } = require('./snapshots.js');

const linuxTest = process.platform === 'linux' ? test : () => {};

linuxTest('500 keep-alive connections are neither closed, nor delayed, nor held open by the copy', () => withFolder(async (dir) => {
  const found = lastJson(await runFixture('snapshot/busy-server.js', { args: [dir] }));
  assert.equal(found.mode, 'fork');
  assert.ok(found.during >= 20, `${found.during} requests during the snapshot`);
  assert.equal(found.closedBefore, 0);
  assert.equal(found.openAfter, 0);
  // Beyond the pause there is only what twenty requests take on a machine whose CPUs others want too; never the time that the copy works.
  assert.ok(found.slowestMs < found.pauseMs + Math.max(1500, found.totalMs / 4), JSON.stringify(found));
}));

linuxTest('a port that is closed while the copy works is free at once, here and for others', () => withFolder(async (dir) => {
  assert.deepEqual(lastJson(await runFixture('snapshot/port.js', { args: [dir] })), { other: 'listening', wasAtWork: true });
}));

linuxTest("the application's own children keep their events and exit codes, nothing makes them start slowly, and none of ours is left", () => withFolder(async (dir) => {
  const { codes, keptOutBefore, keptOutAfter, signals, left } = lastJson(await runFixture('snapshot/children.js', { args: [dir] }));
  assert.deepEqual(codes, [3, 4, 5, 3, 4, 5, 3, 4, 5]);
  assert.deepEqual(signals, { before: 0, after: 0 });
  assert.deepEqual(left, []);
  // V8's heap is kept out of forks again; how fast children start is bench/snapshot's to measure.
  assert.ok(keptOutBefore > 10e6 && keptOutAfter > 0.9 * keptOutBefore, `${keptOutBefore} bytes were kept out of forks, then ${keptOutAfter}`);
}));

linuxTest('workers take snapshots of their own isolates, while others allocate; one that is terminated leaves nothing', () => withFolder(async (dir) => {
  const { results, own, left } = lastJson(await runFixture('snapshot/in-workers.js', { args: [dir] }));
  const counts = results.map(({ path: file }) => readSnapshot(file)).map(({ count }) => [count('OnlyInWorker'), count('OnlyInMain')]);
  assert.deepEqual(counts, [[1000, 0], [1001, 0], [1002, 0]]);
  assert.equal(readSnapshot(own.path).count('OnlyInMain'), 100);
  assert.deepEqual(left, []);
  assert.deepEqual(filesIn(dir).filter((name) => name.endsWith('.partial')), []);
}));

for (const how of ['exit', 'SIGKILL']) {
  linuxTest(`when the process ends in the middle (${how}), the copy ends with it`, () => withFolder(async (dir) => {
    const result = await runFixture('snapshot/ends.js', { args: [dir, how] });
    assert.deepEqual([result.code, result.signal], how === 'exit' ? [7, null] : [null, 'SIGKILL']);
    const { child } = lastJson(result);
    assert.ok(await isGone(child), `${child} lives`);
    // Nobody can clean up after SIGKILL but the next start, a minute later.
    assert.deepEqual(filesIn(dir).map((name) => path.extname(name)), how === 'exit' ? [] : ['.partial']);
  }));
}

linuxTest('processes of a cluster take theirs at the same time, into one folder', () => withFolder(async (dir) => {
  const results = lastJson(await runFixture('snapshot/cluster.js', { args: [dir] }));
  assert.equal(results.length, 3);
  for (const { path: file, pid } of results) assert.ok(path.basename(file).startsWith(`heapwatch-${pid}-`) && readSnapshot(file).nodes > 10_000);
  assert.equal(filesIn(dir).length, 3);
}));

linuxTest('with an inspector attached it works, and the inspector goes on', () => withFolder(async (dir) => {
  const found = lastJson(await runFixture('snapshot/inspected.js', { args: [dir], node: ['--inspect=127.0.0.1:0'] }));
  assert.equal(found.mode, 'fork');
  assert.ok(found.usedSize > 0);
  assert.ok(readSnapshot(found.path).nodes > 10_000);
}));

linuxTest('nothing that was buffered is written twice', () => withFolder(async (dir) => {
  const script = `process.stdout.write('once\\n'); process.stderr.write('once\\n'); process.on('exit', () => console.log('exit'));
    require('./').snapshot({ mode: 'fork', dir: ${JSON.stringify(dir)} }).then(() => console.log('done'))`;
  const { code, stdout, stderr } = await run(process.execPath, ['-e', script]);
  assert.deepEqual([code, stdout, stderr], [0, 'once\ndone\nexit\n', 'once\n']);
}));

/** @param {number} pid */
async function isGone(pid) {
  for (let tries = 0; tries < 100; tries += 1) {
    // Reaped by whoever inherited it, or waiting to be: dead.
    if (!existsSync(`/proc/${pid}`) || /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return true;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  return false;
}

