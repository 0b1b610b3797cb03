'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const vm = require('node:vm');

const { checkStartOptions } = require('../lib/options.js');
const { checkRule } = require('../lib/rule.js');

const WEEK_MS = 604_800_000;

/**
 * @param {() => unknown} check
 * @param {string} option
 */
function refused(check, option) {
  assert.throws(check, (error) => {
    assert.equal(error.code, 'HEAPWATCH_INVALID_OPTION', error.stack);
    assert.equal(error.option, option);
    assert.ok(error.message.startsWith('heapwatch: ') && error.message.includes(option) && /must be|Known are/.test(error.message), error.message);
    return true;
  });
}

const rule = (given) => () => checkRule(given, 'rule');

test('sizes are numbers, or texts with a binary unit', () => {
  const { limits } = checkRule({ maxHeapUsedBytes: '1.5GB', maxRssBytes: '512 MB', maxExternalBytes: 1e6 }, 'rule');
  assert.deepEqual(limits, { maxHeapUsedBytes: 1.5 * 1024 ** 3, maxRssBytes: 512 * 1024 ** 2, maxExternalBytes: 1e6 });
  assert.deepEqual(checkRule({ maxRssBytes: '10B', maxExternalBytes: '2KB' }, 'rule').limits, { maxRssBytes: 10, maxExternalBytes: 2048 });
  for (const field of ['maxHeapUsedBytes', 'maxRssBytes', 'maxExternalBytes']) {
    for (const value of [0, -1, NaN, Infinity, 2 ** 53, '512', '512mb', '512  MB', '-1MB', '1e3MB', '0x10MB', '.5GB', '1TB', 'MB', '', '0MB', '99999999GB', null, true, 1n, {}, ['512MB']]) {
      refused(rule({ [field]: value }), `rule.${field}`);
    }
  }
});

test('ratios are above 0, at most 1', () => {
  for (const field of ['maxUsedRatio', 'maxGcTimeRatio']) {
    for (const value of [0.001, 0.9, 1]) assert.equal(checkRule({ [field]: value }, 'rule').limits[field], value);
    for (const value of [0, -0.1, 1.01, 90, NaN, Infinity, '0.9', '90%', null, true, 1n]) refused(rule({ [field]: value }), `rule.${field}`);
  }
});

test('pauses, growth and times have their ranges', () => {
  for (const value of [0, -1, NaN, Infinity, 3_600_001, '50', null]) refused(rule({ maxGcPauseMs: value }), 'rule.maxGcPauseMs');
  for (const value of [-1, NaN, Infinity, '1MB', null]) refused(rule({ maxGrowthBytesPerSecond: value }), 'rule.maxGrowthBytesPerSecond');
  assert.equal(checkRule({ maxGrowthBytesPerSecond: 0 }, 'rule').limits.maxGrowthBytesPerSecond, 0, 'any growth');
  for (const field of ['forMs', 'cooldownMs']) {
    for (const value of [0, 0.5, WEEK_MS]) assert.equal(checkRule({ maxGcPauseMs: 1, [field]: value }, 'rule')[field], value);
    for (const value of [-1, NaN, Infinity, WEEK_MS + 1, '1s', null, 1n]) refused(rule({ maxGcPauseMs: 1, [field]: value }), `rule.${field}`);
  }
});

test('what is left out has its default', () => {
  const given = { maxUsedRatio: 0.9, maxRssBytes: undefined };
  const checked = checkRule(given, 'rule');
  assert.equal(checked.given, given);
  assert.deepEqual({ ...checked, given: null }, { given: null, limits: { maxUsedRatio: 0.9 }, forMs: 0, cooldownMs: 60_000, log: false, snapshot: false });
});

test('a rule must be an object with a limit', () => {
  for (const given of [undefined, null, 1, '512MB', [], () => {}]) refused(rule(given), 'rule');
  for (const given of [{}, { forMs: 1 }, { action: ['log'] }, { maxRssBytes: undefined }]) refused(rule(given), 'rule');
});

test('unknown fields are refused by name', () => {
  for (const key of ['maxHeapBytes', 'for', '__proto', 'constructor']) refused(rule({ maxRssBytes: 1, [key]: 1 }), `rule.${key}`);
});

test('actions are a list of known ones, and those of later versions are named as such', () => {
  assert.equal(checkRule({ maxRssBytes: 1, action: [] }, 'rule').log, false);
  assert.equal(checkRule({ maxRssBytes: 1, action: ['log', 'log'] }, 'rule').log, true);
  for (const action of ['log', ['page'], ['log', 1], [null], {}, null, true]) refused(rule({ maxRssBytes: 1, action }), 'rule.action');
  // eslint-disable-next-line no-sparse-arrays
  refused(rule({ maxRssBytes: 1, action: [, 'log'] }), 'rule.action');
  assert.equal(checkRule({ maxRssBytes: 1, action: ['snapshot'] }, 'rule').snapshot, true);
  assert.throws(rule({ maxRssBytes: 1, action: ['log', 'blackbox'] }), { code: 'HEAPWATCH_UNSUPPORTED', message: /blackbox/ });
});

test('thresholds are a list of rules, and an error says which', () => {
  assert.deepEqual(checkStartOptions({ thresholds: [] }), { thresholds: [] });
  assert.equal(checkStartOptions({ thresholds: [{ maxRssBytes: 1 }, { maxUsedRatio: 1 }] }).thresholds.length, 2);
  for (const thresholds of [null, {}, { maxRssBytes: 1 }, '512MB']) refused(() => checkStartOptions({ thresholds }), 'thresholds');
  refused(() => checkStartOptions({ thresholds: [{ maxRssBytes: 1 }, { maxRssBytes: -1 }] }), 'thresholds[1].maxRssBytes');
  refused(() => checkStartOptions({ thresholds: [{}] }), 'thresholds[0]');
  // eslint-disable-next-line no-sparse-arrays
  refused(() => checkStartOptions({ thresholds: [, { maxRssBytes: 1 }] }), 'thresholds[0]');
});

test('leak is complete or false', () => {
  const usual = { minSpanMs: 900_000, minMajors: 6, assist: false };
  assert.deepEqual(checkStartOptions({ leak: {} }).leak, usual);
  assert.deepEqual(checkStartOptions({ leak: { assist: false } }).leak, usual);
  assert.equal(checkStartOptions({ leak: false }).leak, false);
  const given = { minSpanMs: 3000, minMajors: 4, assist: { maxPauseMs: 20, everyMs: 250 } };
  assert.deepEqual(checkStartOptions({ leak: given }).leak, given);
  for (const leak of [null, true, 1, 'no', []]) refused(() => checkStartOptions({ leak }), 'leak');
  for (const minSpanMs of [-1, NaN, Infinity, WEEK_MS + 1, '15min', null]) refused(() => checkStartOptions({ leak: { minSpanMs } }), 'leak.minSpanMs');
  for (const minMajors of [0, -1, 1.5, 1_000_001, NaN, '6', null]) refused(() => checkStartOptions({ leak: { minMajors } }), 'leak.minMajors');
  refused(() => checkStartOptions({ leak: { after: 1 } }), 'leak.after');
});

test('assist has a budget and a pace, or is false', () => {
  const leak = (assist) => () => checkStartOptions({ leak: { assist } });
  for (const assist of [null, true, 250, []]) refused(leak(assist), 'leak.assist');
  refused(leak({ everyMs: 250 }), 'leak.assist.maxPauseMs');
  refused(leak({ maxPauseMs: 20 }), 'leak.assist.everyMs');
  refused(leak({}), 'leak.assist.maxPauseMs');
  for (const value of [-1, NaN, Infinity, '20', null]) {
    refused(leak({ maxPauseMs: value, everyMs: 250 }), 'leak.assist.maxPauseMs');
    refused(leak({ maxPauseMs: 20, everyMs: value }), 'leak.assist.everyMs');
  }
  refused(leak({ maxPauseMs: 20, everyMs: 250, budget: 1 }), 'leak.assist.budget');
});

test('rules of another realm are as good as ours', () => {
  const options = vm.runInNewContext("({ thresholds: [{ maxRssBytes: '1MB', action: ['log'] }], leak: { minSpanMs: 1 } })");
  const { thresholds, leak } = checkStartOptions(options);
  assert.deepEqual(thresholds[0].limits, { maxRssBytes: 1024 ** 2 });
  assert.equal(leak.minSpanMs, 1);
});
