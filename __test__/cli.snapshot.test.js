'use strict';

// heapwatch snapshot <pid>, and a signal that was asked for.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { chmodSync, statSync } = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { start } = require('..');
const { ROOT, run } = require('./run.js');
const { filesIn, readSnapshot, withFolder } = require('./snapshots.js');

const linuxTest = process.platform === 'linux' ? test : () => {};
const BIN = path.join(ROOT, 'bin', 'heapwatch.js');
const heapwatch = (...args) => run(process.execPath, [BIN, 'snapshot', ...args.map(String)]);

/**
 * @param {string} dir
 * @param {object} options of start()
 * @param {(child: import('node:child_process').ChildProcess, stderr: () => string) => Promise<void>} use
 */
async function withProcess(dir, options, use) {
  const child = spawn(process.execPath, [path.join(__dirname, 'fixtures', 'snapshot', 'controlled.js'), JSON.stringify(options)], { env: { ...process.env, HEAPWATCH_DIR: dir }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => { stderr += text; });
  try {
    await new Promise((resolve, reject) => { child.stdout.once('data', resolve); child.once('exit', () => reject(new Error(stderr))); });
    await use(child, () => stderr);
  } finally {
    child.kill('SIGKILL');
  }
}

linuxTest('a process that was started with control: true is asked by its pid, and the path is printed', () => withFolder((dir) => withProcess(dir, { control: true }, async ({ pid }) => {
  const socket = path.join(dir, `control-${pid}.sock`);
  assert.equal(statSync(socket).mode & 0o777, 0o600);
  const { code, stdout, stderr } = await heapwatch(pid);
  assert.equal(code, 0, stderr);
  assert.equal(readSnapshot(stdout.trim()).count('ControlledThing'), 300);
  assert.match(stderr, /MB in [\d.]+ s; the process stood still for [\d.]+ ms/);
  const json = JSON.parse((await heapwatch('--json', '--dir', dir, pid)).stdout);
  assert.deepEqual([json.schemaVersion, json.mode], [1, 'fork']);
})));

linuxTest('a folder that others may enter holds no socket', () => withFolder(async (dir) => {
  chmodSync(dir, 0o755);
  await withProcess(dir, { control: true }, async ({ pid }, stderr) => {
    assert.match(stderr(), /HEAPWATCH_CONTROL.*0700/);
    const result = await heapwatch(pid);
    assert.equal(result.code, 2);
    assert.match(result.stderr, /was not started with start\(\{ control: true \}\)/);
  });
}));

linuxTest('a signal that was asked for takes a snapshot, and says so on stderr', () => withFolder((dir) => withProcess(dir, { snapshotSignal: 'SIGUSR2' }, async (child, stderr) => {
  child.kill('SIGUSR2');
  for (let tries = 0; tries < 400 && !/SIGUSR2: .*\.heapsnapshot; stopped for/.test(stderr()); tries += 1) await new Promise((resolve) => { setTimeout(resolve, 50); });
  assert.match(stderr(), /SIGUSR2: .*\.heapsnapshot; stopped for/);
  assert.equal(filesIn(dir).length, 1);
})));

test('SIGUSR1 and signals that end a process are refused', () => {
  for (const snapshotSignal of ['SIGUSR1', 'SIGKILL', 'SIGSEGV', 'SIGTERM', 'SIGNOTHING', 12, true]) {
    assert.throws(() => start({ snapshotSignal }), { code: 'HEAPWATCH_INVALID_OPTION', option: 'snapshotSignal' });
  }
});

test('a wrong command line and a process that is not there exit with 2', async () => {
  for (const args of [[], ['abc'], ['1', '2'], ['--nonsense', '1'], [999_999_999]]) assert.equal((await heapwatch(...args)).code, 2, args.join(' '));
});
