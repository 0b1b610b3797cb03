'use strict';

const { invalidOption } = require('../errors.js');
const { bytes, headline, inconclusive } = require('./message.js');
const { accusation, observe } = require('./subject.js');

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
  const observed = await observe(received, options, context, { toleranceBytes: limit });
  const { fn, found, strict } = observed;
  const comment = `the limit is ${bytes(limit)}`;
  if (found.verdict === 'inconclusive') {
    const text = `${inconclusive(fn, found)}; ${comment}`;
    return { pass: strict === context.isNot, message: () => text, ...(!strict && { warning: text }) };
  }
  const pass = found.verdict === 'clean';
  const text = pass || context.isNot ? headline(fn, found, comment) : await accusation(observed, comment);
  return { pass, message: () => text };
}

module.exports = { toRetainLessThan };
