'use strict';

// heapwatch check on real programs. The long ones run side by side: they mostly wait.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const path = require('node:path');
const { describe, test } = require('node:test');

const { ROOT, run } = require('./run.js');

const BIN = path.join(ROOT, 'bin', 'heapwatch.js');
const fixture = (name) => path.join(__dirname, 'fixtures', 'check', name);
const QUICK = ['--min-span', '3s', '--assist', '200ms'];

/** What is checked: options, then the program with its arguments. */
function check(options, command, env) {
  return run(process.execPath, [BIN, 'check', ...options, '--', ...command], env);
}
const node = (name, ...args) => [process.execPath, fixture(name), ...args.map(String)];

describe('heapwatch check', { concurrency: 2 }, () => {
  test('exits with 1 and the reason when the program leaks, whatever its own exit code', async () => {
    const { code, stderr } = await check(QUICK, node('leaks.js', 15_000, 3));
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^heapwatch check: leak: the heap after major GCs grew by [\d.]+ MB in .* \([\d.]+ [KM]B\/s, 99 % interval/m);
    assert.match(stderr, /the program exited with 3/);
  });

  test('exits with 0 and says clean for a program that leaves nothing', async () => {
    const { code, stderr } = await check(QUICK, node('steady.js', 18_000));
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^heapwatch check: clean: /m);
  });

  test('is not kept from a clean verdict by an idle thread beside the program', async () => {
    const { code, stdout } = await check(['--json', ...QUICK], node('idle-worker.js', 18_000));
    const { verdict, reason, processes } = JSON.parse(stdout);
    assert.deepEqual([code, verdict, processes.length], [0, 'clean', 2], reason);
  });

  test('exits with 0 and says inconclusive for a program that is over before a verdict', async () => {
    const { code, stderr } = await check([], node('steady.js', 300));
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^heapwatch check: inconclusive: watched for .* of the 30\.0 s that a verdict needs/m);
  });

  test('passes the exit code of a program without findings through, with a note', async () => {
    const { code, stderr } = await check([], node('steady.js', 200, 7));
    assert.equal(code, 7);
    assert.match(stderr, /the program exited with 7/);
  });

  test('finds a crossed limit although the event loop never turned', async () => {
    const { code, stderr } = await check(['--max-rss', '150MB'], node('large.js'));
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^heapwatch check: limit crossed: rss \d+ MB, more than 150 MB$/m);
  });

  test('--json puts one document on stdout and what the program prints on stderr', async () => {
    const { code, stdout, stderr } = await check(['--json', '--max-external', '100MB', '--max-gc-pause', '1h'], node('large.js'));
    assert.equal(code, 1, stderr);
    const found = JSON.parse(stdout);
    assert.match(stderr, /^209715200$/m);
    assert.deepEqual([found.schemaVersion, found.exitCode, found.verdict, found.findings.length], [1, 1, 'inconclusive', 1]);
    assert.deepEqual(found.program, { exitCode: 0, signal: null, wasStopped: false });
    const [{ crossings, threadId, source }] = found.processes;
    assert.deepEqual([threadId, source, crossings.length, crossings[0].rule], [0, 'native', 1, { maxExternalBytes: 104857600 }]);
    assert.ok(crossings[0].value >= 200 * 1024 * 1024);
  });

  test('--for ends a server, which is no failure of it', async () => {
    const { code, stdout, stderr } = await check(['--for', '1s'], node('server.js'));
    assert.equal(code, 0, stderr);
    assert.match(stdout, /ready\ngot SIGTERM/);
    assert.match(stderr, /ended after the time of --for/);
  });

  test('looks into the processes and threads below', async () => {
    const { code, stdout, stderr } = await check(['--json'], node('with-children.js'));
    assert.equal(code, 0, stderr);
    const { processes } = JSON.parse(stdout);
    assert.equal(processes.length, 3, stdout);
    assert.equal(new Set(processes.map(({ pid }) => pid)).size, 2);
    assert.ok(processes.some(({ threadId }) => threadId > 0));
  });

  test('does not get in the way of a program that uses heapwatch itself', async () => {
    const { code, stdout, stderr } = await check([], node('own-watcher.js'));
    assert.equal(code, 0, stderr);
    assert.equal(stdout.trim(), 'own native true');
  });

  test('is not stopped by HEAPWATCH_DISABLE, nor by NODE_OPTIONS that are there already', async () => {
    const { code, stdout } = await check(['--json'], node('steady.js', 200), { HEAPWATCH_DISABLE: '1', NODE_OPTIONS: '--max-old-space-size=200' });
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout).processes[0].source, 'native');
  });

  test('refuses a time that allows no verdict', async () => {
    const { code, stderr } = await check(['--for', '10s', '--min-span', '3s'], node('steady.js', 200));
    assert.equal(code, 2);
    assert.match(stderr, /--for 10s is too short for --min-span 3s: a verdict takes 4 times that/);
  });

  test('says so when the native part is not there', async () => {
    const { code, stderr } = await check([], [process.execPath, '--no-addons', fixture('steady.js'), '200']);
    assert.equal(code, 2, 'a check that cannot fail must not pass');
    assert.match(stderr, /heapwatch check: inconclusive: .*native part alone/);
  });

  test('a program that was killed has its last word, and counts as 128 + the signal', { skip: process.platform === 'win32' }, async () => {
    const { code, stdout } = await check(['--json'], [process.execPath, '-e', "setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300)"]);
    const found = JSON.parse(stdout);
    assert.deepEqual([code, found.program.signal, found.processes.length, found.processes[0].hasEnded], [137, 'SIGKILL', 1, false]);
  });

  test('exits with 2 when nothing could be watched', { skip: process.platform === 'win32' }, async () => {
    const { code, stderr } = await check([], ['/bin/sh', '-c', 'exit 0']);
    assert.equal(code, 2);
    assert.match(stderr, /nothing was checked: no Node process could be watched/);
  });

  for (const [name, options, command, wanted] of [
    ['no command', [], [], /which command\?/],
    ['a command that is not there', [], ['/nonexistent/program'], /"\/nonexistent\/program" cannot be run/],
    ['an unknown option', ['--max-rrs', '1GB'], ['node'], /Unknown option '--max-rrs'/],
    ['a size without a unit', ['--max-rss', '512'], ['node'], /--max-rss is "512"\. It must be a size such as 512MB/],
    ['a ratio that is none', ['--max-used-ratio', '90'], ['node'], /--max-used-ratio is "90"\. It must be a ratio/],
    ['a time that is none', ['--min-span', 'soon'], ['node'], /--min-span is "soon"/],
    ['a count that is none', ['--min-majors', '0'], ['node'], /--min-majors is "0"/],
    ['both --assist and --no-assist', ['--assist', '1s', '--no-assist'], ['node'], /exclude each other/],
    ['a command before --', ['node', 'app.js'], ['x'], /The command stands after --/],
  ]) {
    test(`refuses ${name} with exit 2`, async () => {
      const { code, stdout, stderr } = await check(options, command);
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, wanted);
    });
  }

  for (const signal of ['SIGTERM', 'SIGINT']) {
    test(`forwards ${signal} and exits as the program does`, { skip: process.platform === 'win32' }, async () => {
      const child = spawn(process.execPath, [BIN, 'check', '--', ...node('server.js')], { stdio: ['ignore', 'pipe', 'ignore'] });
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (text) => {
        stdout += text;
        if (text.includes('ready')) child.kill(signal);
      });
      const code = await new Promise((resolve) => { child.on('close', resolve); });
      assert.deepEqual([code, stdout], [0, `ready\ngot ${signal}\n`]);
    });
  }
});
