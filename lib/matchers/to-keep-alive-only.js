'use strict';

const v8 = require('node:v8');

const { HeapwatchError, invalidOption } = require('../errors.js');
const { Settler } = require('../measure/settle.js');
const { nameOf } = require('./message.js');

/**
 * `await expect(fn).toKeepAliveOnly({ classes: [Session, [Connection, 1]] })`: after one call, at most so many more instances are alive than before it (0 where
 * no number is given). `v8.queryObjects` counts, subclasses included.
 *
 * @param {unknown} received
 * @param {[options?: any]} args
 * @param {import('./subject').Context} context
 * @returns {Promise<import('./subject').Outcome>}
 */
async function toKeepAliveOnly(received, [options], context) {
  if (typeof received !== 'function') throw invalidOption('received', received, 'a function, not its result');
  const limits = checkClasses(options?.classes);
  context.signal.throwIfAborted();
  const settler = new Settler();
  await settler.settle(0);
  const before = limits.map(([constructor]) => instances(constructor));
  await received();
  await settler.settle(0);
  const rows = limits.map(([constructor, limit], at) => ({ name: constructor.name, limit, more: instances(constructor) - before[at] }));
  const over = rows.filter(({ more, limit }) => more > limit);
  const shown = over.length > 0 ? over : rows;
  const text = `after ${nameOf(received)} ${shown.map(({ name, more, limit }) => `${Math.max(0, more)} ${name} more ${more === 1 ? 'is' : 'are'} alive (at most ${limit} expected)`).join(', ')}`;
  return { pass: over.length === 0, message: () => text };
}

/** @param {unknown} given @returns {[Function, number][]} */
function checkClasses(given) {
  const wanted = 'an array of classes, or of [class, how many may stay]: [Session, [Connection, 1]]';
  if (!Array.isArray(given) || given.length === 0) throw invalidOption('classes', given, wanted);
  return given.map((entry) => {
    const [constructor, limit] = Array.isArray(entry) ? entry : [entry, 0];
    if (typeof constructor !== 'function' || !Number.isInteger(limit) || limit < 0) throw invalidOption('classes', entry, wanted);
    return [constructor, limit];
  });
}

/** @param {Function} constructor @returns {number} */
function instances(constructor) {
  const { queryObjects } = /** @type {{ queryObjects?: (constructor: Function, options: object) => number }} */ (/** @type {unknown} */ (v8));
  if (queryObjects === undefined) throw new HeapwatchError('HEAPWATCH_UNSUPPORTED', `heapwatch: toKeepAliveOnly() needs v8.queryObjects, which Node ${process.version} lacks. Use Node 20.13, 22 or newer.`);
  // One that is surely there: V8 looks into one realm only, and a class of another (Jest gives each test file its own) would always count 0.
  const probe = Object.create(constructor.prototype);
  const count = queryObjects(constructor, { format: 'count' });
  if (count < 1 || !(probe instanceof constructor)) {
    throw new HeapwatchError('HEAPWATCH_UNSUPPORTED', `heapwatch: v8.queryObjects cannot see the instances of ${constructor.name}, for it belongs to another realm than Node's own, as everything in Jest does. Assert this with node:test or Vitest.`);
  }
  return count - 1;
}

module.exports = { toKeepAliveOnly };
