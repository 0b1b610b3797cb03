'use strict';

const { invalidOption } = require('../errors.js');
const { bytes, headline, inconclusive } = require('./message.js');
const { accusation, observe, untold } = require('./subject.js');

/**
 * `expect(fn).toRetainLessThan(1024)`: a call leaves less behind than that, by the whole interval. `not` asks that it leaves more, likewise.
 *
 * @param {unknown} received
 * @param {[limit: unknown, options?: object]} args
 * @param {import('./subject').Context} context
 * @returns {Promise<import('./subject').Outcome>}
 */
async function toRetainLessThan(received, [limit, options], context) {
  if (typeof limit !== 'number' || !(limit > 0)) throw invalidOption('bytes', limit, 'a number of bytes above 0');
  if (/** @type {any} */ (options)?.toleranceBytes !== undefined) throw invalidOption('toleranceBytes', /** @type {any} */ (options).toleranceBytes, 'left out: the limit of toRetainLessThan() takes its place');
  const observed = await observe(received, options, context, { toleranceBytes: limit });
  const comment = `the limit is ${bytes(limit)}`;
  const isAccused = observed.found.verdict === 'leak' && !context.isNot;
  const accused = isAccused ? await accusation(observed, comment) : null;
  const { fn, found, strict } = observed;
  if (found.verdict === 'inconclusive') {
    return untold(`${inconclusive(fn, found, observed.options.maxMs)}; ${comment}`, strict, context);
  }
  const text = accused ?? headline(fn, found, comment);
  return { pass: found.verdict === 'clean', message: () => text };
}

module.exports = { toRetainLessThan };
