'use strict';

const { headline, inconclusive } = require('./message.js');
const { accusation, observe } = require('./subject.js');

/**
 * `expect(fn).not.toLeak()`: no call leaves more behind than the tolerance. What cannot be told passes with a warning; `strict` makes it fail.
 *
 * @param {unknown} received
 * @param {[options?: object]} args
 * @param {import('./subject').Context} context
 * @returns {Promise<import('./subject').Outcome>}
 */
async function toLeak(received, [options], context) {
  const observed = await observe(received, options, context);
  const isAccused = observed.found.verdict === 'leak' && context.isNot;
  // It may find the accused innocent.
  const accused = isAccused ? await accusation(observed) : null;
  const { fn, found, strict } = observed;
  if (found.verdict === 'inconclusive') {
    const text = inconclusive(fn, found, observed.options.maxMs);
    // Whichever way it was asked, strict fails.
    return { pass: strict && context.isNot, message: () => text, ...(!strict && context.isNot && { warning: text }) };
  }
  const text = accused ?? headline(fn, found);
  return { pass: found.verdict === 'leak', message: () => text };
}

module.exports = { toLeak };
