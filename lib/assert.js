'use strict';

// The matchers as functions that throw an AssertionError: for node:test, mocha, tap, anything.

const { AssertionError } = require('node:assert');

const matchers = require('./matchers/index.js');
const { notAwaited, track, unfinished } = require('./matchers/pending.js');

/** @typedef {import('./matchers/subject').Context} Context */

/**
 * @param {string} operator
 * @param {(context: Context) => Promise<import('./matchers/subject').Outcome>} matcher
 * @param {Partial<Context>} [context]
 */
function demand(operator, matcher, context = {}) {
  watchForForgotten();
  return track(operator, null, async (signal) => {
    const { pass, message, warning } = await matcher({ isNot: false, signal, ...context });
    if (warning !== undefined) process.emitWarning(warning, { type: 'HeapwatchWarning', code: 'HEAPWATCH_INCONCLUSIVE' });
    if (pass === (context.isNot ?? false)) throw new AssertionError({ message: message(), operator });
  });
}

let isWatching = false;

/** A runner that ends while an assertion is at work has not heard of it. */
function watchForForgotten() {
  if (isWatching) return;
  isWatching = true;
  process.on('exit', () => {
    const names = unfinished();
    if (names.length === 0) return;
    process.exitCode ||= 1;
    console.error(notAwaited(names));
  });
}

/** @param {() => unknown} fn @param {object} [options] */
const doesNotLeak = (fn, options) => demand('doesNotLeak', (context) => matchers.toLeak(fn, [options], context), { isNot: true });

/** @param {() => unknown} fn @param {object} [options] */
const leaks = (fn, options) => demand('leaks', (context) => matchers.toLeak(fn, [options], context));

/** @param {() => unknown} fn @param {number} bytes @param {object} [options] */
const retainsLessThan = (fn, bytes, options) => demand('retainsLessThan', (context) => matchers.toRetainLessThan(fn, [bytes, options], context));

/** @param {() => unknown} fn @param {number} bytes @param {object} [options] */
const allocatesLessThan = (fn, bytes, options) => demand('allocatesLessThan', (context) => matchers.toAllocateLessThan(fn, [bytes, options], context));

/** @param {() => unknown} fn @param {number} ms @param {object} [options] */
const pausesLessThan = (fn, ms, options) => demand('pausesLessThan', (context) => matchers.toPauseLessThan(fn, [ms, options], context));

/** @param {() => unknown} fn @param {{ classes: unknown }} options */
const keepsAliveOnly = (fn, options) => demand('keepsAliveOnly', (context) => matchers.toKeepAliveOnly(fn, [options], context));

/**
 * Updated with `node --test --test-update-snapshots` or HEAPWATCH_UPDATE_BASELINES=1.
 *
 * @param {() => unknown} fn
 * @param {string} name
 * @param {{ file?: string } & Record<string, unknown>} options file: the test's own, `__filename` or `import.meta.url`
 */
const matchesMemoryBaseline = (fn, name, { file, ...options } = {}) =>
  demand('matchesMemoryBaseline', (context) => matchers.toMatchMemoryBaseline(fn, [name, options], context), { testPath: file, update: updating(), how: 'with HEAPWATCH_UPDATE_BASELINES=1' });

function updating() {
  if (process.env.HEAPWATCH_UPDATE_BASELINES === '1' || process.execArgv.includes('--test-update-snapshots')) return 'all';
  return process.env.CI ? 'none' : 'new';
}

module.exports = { doesNotLeak, leaks, retainsLessThan, allocatesLessThan, pausesLessThan, keepsAliveOnly, matchesMemoryBaseline };
