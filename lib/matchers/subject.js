'use strict';

const { checkFields, matching } = require('../check.js');
const { invalidOption } = require('../errors.js');
const { CHECKS, checkMeasureOptions } = require('../measure/options.js');
const { measure } = require('../measure/measure.js');
const { culprits } = require('./culprits.js');
const { headline, outlook, paint } = require('./message.js');

/** @typedef {import('../../index').Retention} Retention */
/** @typedef {{ pass: boolean, message: () => string, warning?: string }} Outcome */
/** @typedef {{ isNot: boolean, signal: AbortSignal, testPath?: string, update?: 'all' | 'new' | 'none' }} Context */

const ASSERTION_CHECKS = { ...CHECKS, strict: matching((value) => typeof value === 'boolean', 'true or false') };

/**
 * What an assertion looks at, measured once.
 *
 * @param {unknown} fn
 * @param {unknown} given the options of measure(), and `strict`
 * @param {Context} context
 * @param {{ toleranceBytes?: number }} [own] of the matcher
 */
async function observe(fn, given = {}, { signal }, own = {}) {
  if (typeof fn !== 'function') throw invalidOption('received', fn, 'a function, not its result: expect(() => handler(request)).not.toLeak()');
  const { strict = false, ...options } = checkFields(given, ASSERTION_CHECKS, { example: '{ maxMs: 3000 }' });
  const subject = /** @type {() => unknown} */ (fn);
  const signals = options.signal === undefined ? [signal] : [signal, options.signal];
  const all = { ...own, ...options, signal: AbortSignal.any(signals) };
  const found = await measure(subject, all);
  return { fn: subject, found, strict, options: checkMeasureOptions(all) };
}

/**
 * The whole message about something that stays.
 *
 * @param {Awaited<ReturnType<typeof observe>>} observed
 * @param {string} [comment]
 */
async function accusation({ fn, found, options }, comment) {
  const names = await culprits(fn, options, found);
  return [headline(fn, found, comment), ...names.map((name) => `  ${paint.yellow(name)}`), outlook(found)].join('\n');
}

module.exports = { observe, accusation };
