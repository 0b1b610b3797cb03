'use strict';

const v8 = require('node:v8');

const { analyzeLive } = require('../heap/live.js');
const { invalidOption } = require('../errors.js');
const { Settler } = require('../measure/settle.js');
const { nameOf } = require('./message.js');

/**
 * `await expect(fn).toKeepAliveOnly({ classes: [Session, [Connection, 1]] })`: after one call, at most so many more instances are alive than before it (0 where
 * no number is given). `v8.queryObjects` counts, subclasses included. It sees Node's own realm alone, and Jest gives each test file another: there, and where
 * it is missing, instances are counted by the class's name in the heap of a forked copy, without subclasses, which takes seconds.
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
  const count = limits.every(([constructor]) => isVisible(constructor)) ? byQuery : byName;
  const before = await count(limits.map(([constructor]) => constructor));
  await received();
  await settler.settle(0);
  const after = await count(limits.map(([constructor]) => constructor));
  const rows = limits.map(([constructor, limit], at) => ({ name: constructor.name, limit, more: after[at] - before[at] }));
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

const { queryObjects } = /** @type {{ queryObjects?: (constructor: Function, options: object) => number }} */ (/** @type {unknown} */ (v8));

/** Whether queryObjects finds one that is surely there. @param {Function} constructor */
function isVisible(constructor) {
  if (queryObjects === undefined) return false;
  const probe = Object.create(constructor.prototype);
  return queryObjects(constructor, { format: 'count' }) > 0 && probe instanceof constructor;
}

/** @param {Function[]} constructors @returns {Promise<number[]>} */
async function byQuery(constructors) {
  return constructors.map((constructor) => queryObjects?.(constructor, { format: 'count' }) ?? 0);
}

/** @param {Function[]} constructors @returns {Promise<number[]>} */
async function byName(constructors) {
  const { classes } = /** @type {import('../../index').LiveSummary} */ (await analyzeLive({ limit: 2000 }, true));
  // Classes of one name that stand at several places are rows of their own.
  return constructors.map(({ name }) => classes.reduce((sum, each) => sum + (each.name === name ? each.count : 0), 0));
}

module.exports = { toKeepAliveOnly };
