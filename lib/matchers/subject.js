'use strict';

const { anyOf } = require('../abort.js');
const { checkFields, matching } = require('../check.js');
const { invalidOption } = require('../errors.js');
const { CHECKS, checkMeasureOptions } = require('../measure/options.js');
const { measureNow } = require('../measure/measure.js');
const { culprits } = require('./culprits.js');
const { headline, LATE, outlook, paint } = require('./message.js');

/** @typedef {import('../../index').Retention} Retention */
/** @typedef {{ pass: boolean, message: () => string, warning?: string }} Outcome */

/**
 * update: whether baselines are written; how: what the user does to have them written.
 *
 * @typedef {{ isNot: boolean, signal: AbortSignal, testPath?: string, update?: 'all' | 'new' | 'none', how?: string, tell?: (found: string) => void }} Context
 */

const ASSERTION_CHECKS = { ...CHECKS, strict: matching((value) => typeof value === 'boolean', 'true or false') };

/**
 * What an assertion looks at, measured once.
 *
 * @param {unknown} fn
 * @param {unknown} given the options of measure(), and `strict`
 * @param {Context} context
 * @param {{ toleranceBytes?: number }} [own] of the matcher
 */
async function observe(fn, given = {}, { signal, tell }, own = {}) {
  if (typeof fn !== 'function') throw invalidOption('received', fn, 'a function, not its result: expect(() => handler(request)).not.toLeak()');
  const { strict = false, ...options } = checkFields(given, ASSERTION_CHECKS, { example: '{ maxMs: 3000 }' });
  const subject = /** @type {() => unknown} */ (fn);
  const all = checkMeasureOptions({ ...own, ...options, signal: options.signal === undefined ? signal : anyOf([signal, options.signal]) });
  const { found, swingBytes } = await measureNow(subject, all);
  return { fn: subject, found, swingBytes, strict, options: all, tell };
}

/**
 * The whole message about something that stays; null: it was none, and `observed` says so from now on.
 *
 * @param {Awaited<ReturnType<typeof observe>>} observed
 * @param {string} [comment]
 */
async function accusation(observed, comment) {
  const { fn, found, swingBytes, options } = observed;
  observed.tell?.(headline(fn, found, comment));
  const names = await culprits(fn, options, found, swingBytes);
  if (names === null) {
    // The warm-up that ended late is over now.
    const { found: again } = await measureNow(fn, options);
    observed.found = again.verdict === 'clean' ? again : { ...found, verdict: 'inconclusive', reason: LATE };
    return null;
  }
  return [headline(fn, found, comment), ...names.map((name) => `  ${paint.yellow(name)}`), outlook(found)].join('\n');
}

/**
 * What could not be told passes with a warning, whichever way it was asked; `strict` makes it fail.
 *
 * @param {string} text
 * @param {boolean} strict
 * @param {Context} context
 * @returns {Outcome}
 */
const untold = (text, strict, { isNot }) => ({ pass: strict === isNot, message: () => text, ...(!strict && { warning: text }) });

module.exports = { untold, observe, accusation };
