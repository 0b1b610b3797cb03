'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { describe, test } = require('node:test');

const { ROOT, run } = require('./run.js');

const BIN = path.join(ROOT, 'bin', 'heapwatch.js');
const heapwatch = (...args) => run(process.execPath, [BIN, ...args]);

describe('heapwatch', () => {
  test('--version prints the version of the package', async () => {
    const { code, stdout } = await heapwatch('--version');
    assert.deepEqual([code, stdout.trim()], [0, require('../package.json').version]);
  });

  for (const args of [['--help'], ['-h'], ['help']]) {
    test(`${args.join(' ')} names every command`, async () => {
      const { code, stdout } = await heapwatch(...args);
      assert.equal(code, 0);
      assert.match(stdout, /^ {2}check .*\n {2}diff .*\n {2}inspect .*\n {2}rules .*\n {2}snapshot .*\n {2}verify /m);
      assert.match(stdout, /Exit codes: 0 good, 1 a finding, 2/);
    });
  }

  test('without a command prints its help on stderr and exits with 2', async () => {
    const { code, stdout, stderr } = await heapwatch();
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^usage: heapwatch <command>/);
  });

  for (const [wrong, hint] of [['chekc', /Did you mean check\?/], ['verfy', /Did you mean verify\?/], ['frobnicate', /Commands are check, diff, inspect, rules, snapshot, verify/], ['--jsn', /there is no option "--jsn"/], ['constructor', /there is no command/]]) {
    test(`${wrong} is no command: exit 2 with a hint`, async () => {
      const { code, stdout, stderr } = await heapwatch(wrong);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, hint);
    });
  }

  for (const command of ['check', 'rules', 'verify']) {
    test(`${command} --help and help ${command} tell its options`, async () => {
      for (const args of [[command, '--help'], ['help', command]]) {
        const { code, stdout } = await heapwatch(...args);
        assert.equal(code, 0);
        assert.match(stdout, new RegExp(`^usage: heapwatch ${command}`));
        for (const line of stdout.split('\n')) assert.ok(line.length <= 130, line);
      }
    });
  }
});
