'use strict';

// What the system may do to a snapshot, and what is then said. strace makes the system calls of one kind fail; namespaces and limits do
// the rest. Linux, root, strace, python3: in CI all of it must run.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { chmodSync } = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { lastJson, run } = require('./run.js');
const { filesIn, withFolder } = require('./snapshots.js');

const FAULTS = path.join(__dirname, 'fixtures', 'snapshot', 'faults.js');
const isRoot = process.platform === 'linux' && process.geteuid?.() === 0;
const hasStrace = process.platform === 'linux' && spawnSync('strace', ['-V']).status === 0;

/**
 * @param {string} name
 * @param {boolean} possible
 * @param {(dir: string) => Promise<void>} body
 */
const faultTest = (name, possible, body) => test(name, { skip: possible || process.env.CI ? false : 'needs root, strace and python3 on Linux' }, () => withFolder(body));

const node = (...args) => [process.execPath, FAULTS, ...args];

/** Every system call of the thread and its children that matches fails, from the when-th on. */
const strace = (inject, ...command) => run('strace', ['-f', '-qq', '-o', '/dev/null', '-e', `inject=${inject}`, ...command]);
const shell = (script, ...args) => run('unshare', ['-m', 'sh', '-c', script, 'sh', ...args]);

/** @param {any} found */
function livesOn(found, expected) {
  assert.deepEqual({ code: found.code, reason: found.reason, mode: found.mode }, { code: undefined, reason: undefined, mode: undefined, ...expected }, found.message);
  assert.equal(found.alive, 30_000);
}

const failed = (reason) => ({ code: 'HEAPWATCH_SNAPSHOT_FAILED', reason });
const unsupported = (reason) => ({ code: 'HEAPWATCH_UNSUPPORTED', reason });

faultTest('a refused fork is HEAPWATCH_UNSUPPORTED, or taken inline where that is allowed', hasStrace, async (dir) => {
  livesOn(lastJson(await strace('clone:error=EPERM', ...node(dir))), unsupported('refused'));
  assert.deepEqual(filesIn(dir), []);
  livesOn(lastJson(await strace('clone:error=EAGAIN', ...node(dir, 'allow'))), { mode: 'inline' });
});

const hasPython = process.platform === 'linux' && spawnSync('python3', ['-V']).status === 0;
const DENIED = path.join(__dirname, 'fixtures', 'snapshot', 'denied.py');

for (const [what, named] of [['fork', /fork/], ['dofork', /madvise/]]) {
  faultTest(`a seccomp filter that denies it (${what}) is no more than a refusal`, hasPython, async (dir) => {
    const found = lastJson(await run('python3', [DENIED, what, ...node(dir)]));
    livesOn(found, unsupported('refused'));
    assert.match(found.message, named);
    assert.deepEqual(filesIn(dir), []);
    livesOn(lastJson(await run('python3', [DENIED, what, ...node(dir, 'allow')])), { mode: 'inline' });
  });
}

faultTest('a disk that fails at the end is a failure', hasStrace, async (dir) => {
  livesOn(lastJson(await strace('fdatasync:error=EIO', ...node(dir))), failed('disk'));
  assert.deepEqual(filesIn(dir), []);
});

faultTest('a full disk leaves nothing behind', isRoot, async (dir) => {
  const result = await shell('dir=$1; mount -t tmpfs -o size=1m none "$dir" && shift && "$@" && ls -A "$dir" >&2', dir, ...node(dir));
  livesOn(lastJson(result), failed('disk'));
  assert.equal(result.stderr, '');
});

faultTest('a file that may not grow that large is a failure', isRoot, async (dir) => {
  livesOn(lastJson(await run('sh', ['-c', 'ulimit -f 1024; exec "$@"', 'sh', ...node(dir)])), failed('disk'));
  assert.deepEqual(filesIn(dir), []);
});

const NO_MORE = path.join(__dirname, 'fixtures', 'snapshot', 'no-more.js');
const without = (what, dir) => run('sh', ['-c', 'ulimit -n 256; exec "$@"', 'sh', process.execPath, '-r', NO_MORE, FAULTS, dir], { NO_MORE: what });

faultTest('without a file to be had there is no fork', isRoot, async (dir) => {
  livesOn(lastJson(await without('files', dir)), unsupported('fork'));
  assert.deepEqual(filesIn(dir), []);
});

faultTest('a copy that may not take more memory is a refusal, and the process lives on', isRoot, async (dir) => {
  livesOn(lastJson(await without('memory', dir)), { code: 'HEAPWATCH_NO_HEADROOM', reason: 'memory' });
  assert.deepEqual(filesIn(dir), []);
});

faultTest('where addresses are short, the copy does without those for names', isRoot, async (dir) => {
  livesOn(lastJson(await run('sh', ['-c', 'ulimit -v 8000000; exec "$@"', 'sh', ...node(dir)])), { mode: 'fork' });
});

faultTest('what only makes a copy comfortable may be refused', hasStrace, async (dir) => {
  livesOn(lastJson(await strace('memfd_create,close_range,pidfd_open,pidfd_send_signal,setsid,setpriority,ioprio_set,linkat:error=EPERM', ...node(dir))), { mode: 'fork' });
  assert.equal(filesIn(dir).length, 1);
});

faultTest('a read-only file system is a failure', isRoot, async (dir) => {
  livesOn(lastJson(await shell('mount -t tmpfs -o ro none "$1" && shift && exec "$@"', dir, ...node(dir))), failed('disk'));
});

faultTest('a folder of somebody else is a failure', isRoot, async (dir) => {
  chmodSync(dir, 0o700);
  const found = lastJson(await run('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all', ...node(path.join(dir, 'inner'))]));
  livesOn(found, failed('disk'));
});

faultTest('without /proc there is no fork, and that is known beforehand', isRoot, async (dir) => {
  const script = 'umount -l /proc && shift && exec "$@"';
  const found = lastJson(await shell(script, dir, ...node(dir)));
  livesOn(found, unsupported('fork'));
  assert.equal(found.fork, false);
  livesOn(lastJson(await shell(script, dir, ...node(dir, 'allow'))), { mode: 'inline' });
});
