'use strict';

const { invalidOption } = require('../errors.js');
const { bytes, formatMs, nameOf, range } = require('./message.js');
const { observe, untold } = require('./subject.js');

/**
 * `expect(fn).toAllocateLessThan(10_000)`: bytes that a call allocates in V8's heap, whether they stay or not.
 *
 * @param {unknown} received
 * @param {[limit: unknown, options?: object]} args
 * @param {import('./subject').Context} context
 * @returns {Promise<import('./subject').Outcome>}
 */
async function toAllocateLessThan(received, [limit, options], context) {
  if (typeof limit !== 'number' || !(limit > 0)) throw invalidOption('bytes', limit, 'a number of bytes above 0');
  const { fn, found, strict } = await observe(received, options, context);
  if (!Number.isFinite(found.allocatedInterval[1])) return untold(`${nameOf(fn)}: how much it allocates is not known: there was time for ${found.calls} calls alone, in ${formatMs(found.totalMs)}. Raise maxMs`, strict, context);
  const pass = found.allocatedBytesPerCall < limit;
  const text = `${nameOf(fn)} allocates ${bytes(found.allocatedBytesPerCall)} per call (rounds ${range(found.allocatedInterval)}; ${found.calls} calls); the limit is ${bytes(limit)}`;
  return { pass, message: () => text };
}

module.exports = { toAllocateLessThan };
