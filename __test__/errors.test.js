'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { HeapwatchError, report, reset, start } = require('..');

test('a HeapwatchError is an Error with a code', () => {
  const cause = new Error('below');
  const error = new HeapwatchError('HEAPWATCH_UNSUPPORTED', 'not here', { cause });
  assert.ok(error instanceof Error);
  assert.equal(error.name, 'HeapwatchError');
  assert.equal(error.code, 'HEAPWATCH_UNSUPPORTED');
  assert.equal(error.cause, cause);
  assert.equal(String(error), 'HeapwatchError: not here');
  assert.ok(!('option' in error) && !('value' in error));
});

test('report() and reset() without a watcher say to call start()', () => {
  for (const call of [report, reset]) assert.throws(call, { name: 'HeapwatchError', code: 'HEAPWATCH_NOT_RUNNING', message: /Call start\(\) first/ });
});

test('start() throws what the options check finds, and nothing runs then', () => {
  assert.throws(() => start({ sampleIntervalMs: -1 }), { code: 'HEAPWATCH_INVALID_OPTION', option: 'sampleIntervalMs', value: -1 });
  assert.throws(report, { code: 'HEAPWATCH_NOT_RUNNING' });
});
