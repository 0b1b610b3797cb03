'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { describe, test } = require('node:test');

const { ROOT, run } = require('./run.js');

const BIN = path.join(ROOT, 'bin', 'heapwatch.js');
const verify = (...args) => run(process.execPath, [BIN, 'verify', ...args]);

describe('heapwatch verify', () => {
  test('finds every planted leak on this machine and accuses no clean program', async () => {
    const { code, stdout, stderr } = await verify('--json', '--jobs', '3');
    assert.equal(code, 0, stdout + stderr);
    const { leaking, found, clean, accused, programs } = JSON.parse(stdout);
    assert.deepEqual({ leaking, found, clean, accused }, { leaking: 3, found: 3, clean: 3, accused: 0 });
    for (const { name, majors, degraded } of programs) {
      assert.ok(majors >= 6, name);
      assert.equal(degraded, null);
    }
  });

  test('exits with 1 where leaks could not be found, and prints what went wrong', async () => {
    const { code, stdout } = await verify('--seconds', '1', '--jobs', '6');
    assert.equal(code, 1);
    assert.match(stdout, /^a Map that only grows +leaks +inconclusive .* WRONG$/m);
    assert.match(stdout, /^sensitivity: 0 of 3 leaks found$/m);
    assert.match(stdout, /^false alarms: 0 of 3 clean programs accused/m);
  });

  for (const args of [['--seconds', 'many'], ['--jobs', '0'], ['--nonsense'], ['word']]) {
    test(`refuses ${args.join(' ')}`, async () => {
      const { code, stdout } = await verify(...args);
      assert.deepEqual([code, stdout], [2, '']);
    });
  }
});
