'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const vm = require('node:vm');

const { checkStartOptions, checkSince, defaultSampleIntervalMs, isDisabled } = require('../lib/options.js');

/**
 * @param {unknown} given
 * @param {string} option
 */
function refused(given, option) {
  assert.throws(() => checkStartOptions(given), (error) => {
    assert.equal(error.name, 'HeapwatchError');
    assert.equal(error.code, 'HEAPWATCH_INVALID_OPTION');
    assert.equal(error.option, option);
    assert.match(error.message, new RegExp(`^heapwatch: .*${option}.* (must be|Known are) `));
    return true;
  });
}

test('no options, or undefined ones, change nothing', () => {
  assert.deepEqual(checkStartOptions(), {});
  assert.deepEqual(checkStartOptions(undefined), {});
  assert.deepEqual(checkStartOptions({}), {});
  assert.deepEqual(checkStartOptions({ sampleIntervalMs: undefined, gcStatistics: undefined, signal: undefined }), {});
});

test('what was given comes back', () => {
  const { signal } = new AbortController();
  assert.deepEqual(checkStartOptions({ sampleIntervalMs: 250, gcStatistics: false, signal }), { sampleIntervalMs: 250, gcStatistics: false, signal });
});

test('options must be an object', () => {
  for (const given of [null, 1, 'fast', true, [], () => {}, Symbol('s'), 1n]) refused(given, 'options');
});

test('sampleIntervalMs takes whole milliseconds from 0 to an hour', () => {
  for (const value of [0, 1, 1000, 3_600_000]) assert.equal(checkStartOptions({ sampleIntervalMs: value }).sampleIntervalMs, value);
  for (const value of [-1, 0.5, NaN, Infinity, -Infinity, 3_600_001, 2 ** 32 + 5, 1e300, '1000', null, true, 1n, {}, []]) {
    refused({ sampleIntervalMs: value }, 'sampleIntervalMs');
  }
});

test('gcStatistics takes nothing but a boolean', () => {
  for (const value of [0, 1, 'false', null, {}]) refused({ gcStatistics: value }, 'gcStatistics');
});

test('signal takes an AbortSignal, of another realm too', () => {
  const foreign = vm.runInNewContext('({ aborted: false, addEventListener() {}, removeEventListener() {} })');
  assert.equal(checkStartOptions({ signal: foreign }).signal, foreign);
  for (const value of [null, true, {}, new AbortController(), 'abort']) refused({ signal: value }, 'signal');
});

test('an options object of another realm is as good as ours', () => {
  assert.deepEqual(checkStartOptions(vm.runInNewContext('({ sampleIntervalMs: 5 })')), { sampleIntervalMs: 5 });
});

test('unknown options are refused by name, those of later versions and symbols too', () => {
  for (const key of ['interval', 'oom', 'dir', '__proto', 'constructor']) refused({ [key]: 1 }, key);
  assert.throws(() => checkStartOptions({ [Symbol('odd')]: 1 }), { code: 'HEAPWATCH_INVALID_OPTION', option: 'Symbol(odd)' });
});

test('the error says what was given, shortened and without running the code of it', () => {
  assert.throws(() => checkStartOptions({ sampleIntervalMs: 'x'.repeat(10_000) }), (error) => error.message.length < 300 && error.value.length === 10_000);
  const rude = { toString() { throw new Error('ran'); }, [Symbol.for('nodejs.util.inspect.custom')]() { throw new Error('ran'); } };
  refused({ gcStatistics: rude }, 'gcStatistics');
  refused({ gcStatistics: new Proxy({}, { get() { throw new Error('ran'); } }) }, 'gcStatistics');
});

test('what a getter or a Proxy throws is for the caller to see', () => {
  const broken = new Error('broken');
  const thrower = () => { throw broken; };
  assert.throws(() => checkStartOptions({ get sampleIntervalMs() { throw broken; } }), (error) => error === broken);
  assert.throws(() => checkStartOptions(new Proxy({}, { ownKeys: thrower })), (error) => error === broken);
  assert.throws(() => checkStartOptions(new Proxy({}, { get: thrower })), (error) => error === broken);
});

test('HEAPWATCH_INTERVAL is the default, and a wrong one is told and left out', () => {
  const told = [];
  const from = (text) => defaultSampleIntervalMs({ HEAPWATCH_INTERVAL: text }, (message) => told.push(message));
  assert.equal(from(undefined), 1000);
  assert.equal(from(''), 1000);
  assert.equal(from('0'), 0);
  assert.equal(from(' 250 '), 250);
  assert.deepEqual(told, []);
  for (const text of ['-1', '1s', '1e3', '3600001', 'NaN', '0x10']) assert.equal(from(text), 1000);
  assert.equal(told.length, 6);
  assert.match(told[1], /HEAPWATCH_INTERVAL is '1s'.*1000 is used/);
});

test('HEAPWATCH_DISABLE is on unless it is empty or 0', () => {
  for (const value of ['1', 'true', 'no']) assert.equal(isDisabled({ HEAPWATCH_DISABLE: value }), true);
  for (const value of [undefined, '', '0']) assert.equal(isDisabled({ HEAPWATCH_DISABLE: value }), false);
});

test('pauses() takes a time or nothing', () => {
  assert.equal(checkSince(undefined), 0);
  assert.equal(checkSince(5.5), 5.5);
  for (const value of [-1, NaN, Infinity, '0', null, new Date()]) assert.throws(() => checkSince(value), { code: 'HEAPWATCH_INVALID_OPTION', option: 'sinceMs' });
});
