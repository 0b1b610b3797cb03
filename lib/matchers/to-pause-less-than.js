'use strict';

const { invalidOption } = require('../errors.js');
const { bytes, formatMs, formatPercent, nameOf } = require('./message.js');
const { observe, untold } = require('./subject.js');

/**
 * `expect(fn).toPauseLessThan(20)`: the longest collection that the calls caused, in milliseconds. The measurement's own do not count.
 *
 * @param {unknown} received
 * @param {[limit: unknown, options?: object]} args
 * @param {import('./subject').Context} context
 * @returns {Promise<import('./subject').Outcome>}
 */
async function toPauseLessThan(received, [limit, options], context) {
  if (typeof limit !== 'number' || !(limit > 0)) throw invalidOption('ms', limit, 'a number of milliseconds above 0');
  const { fn, found, strict } = await observe(received, options, context);
  const { count, pause } = found.gc;
  if (count === 0) return untold(`${nameOf(fn)}: how long it pauses is not known: its ${found.calls} calls, of ${bytes(found.allocatedBytesPerCall)} each, caused no collection. Raise maxMs`, strict, context);
  const text = `${nameOf(fn)} paused for ${formatMs(pause.max)} at the longest (${count} collections, median ${formatMs(pause.percentile(50))}, `
    + `${formatPercent(found.gcTimeRatio)} of the time; ${found.calls} calls); the limit is ${formatMs(limit)}`;
  return { pass: pause.max < limit, message: () => text };
}

module.exports = { toPauseLessThan };
