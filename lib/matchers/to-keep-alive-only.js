'use strict';

const v8 = require('node:v8');

const { checkFields } = require('../check.js');
const { HeapwatchError, invalidOption, show } = require('../errors.js');
const { summarizeLive } = require('../heap/live.js');
const { Calls } = require('../measure/calls.js');
const { DEFAULT_MAX_MS } = require('../measure/options.js');
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
  /** @type {{ classes?: [Function, number][] }} */
  const { classes: limits } = checkFields(options, { classes: checkClasses }, { example: '{ classes: [Session] }' });
  if (limits === undefined) throw invalidOption('classes', undefined, CLASSES);
  const { signal } = context;
  const constructors = limits.map(([constructor]) => constructor);
  const settler = new Settler();
  await settler.settle(0);
  const isQueried = constructors.every(isVisible);
  const count = () => (isQueried ? byQuery(constructors) : byName(constructors, signal));
  const before = await count();
  await new Calls(/** @type {() => unknown} */ (received), { concurrency: 1, maxMs: DEFAULT_MAX_MS, signal }).run(1);
  await settler.settle(0);
  const after = await count();
  const rows = limits.map(([constructor, limit], at) => ({ name: constructor.name, limit, more: after[at] - before[at] }));
  const over = rows.filter(({ more, limit }) => more > limit);
  const shown = over.length > 0 ? over : rows;
  const text = `after ${nameOf(received)} ${shown.map(({ name, more, limit }) => `${Math.max(0, more)} ${name} more ${more === 1 ? 'is' : 'are'} alive (at most ${limit} expected)`).join(', ')}`;
  return { pass: over.length === 0, message: () => text };
}

const CLASSES = 'an array of classes, or of [class, how many may stay]: [Session, [Connection, 1]]';

/** @param {unknown} given @returns {[Function, number][]} */
function checkClasses(given) {
  if (!Array.isArray(given) || given.length === 0) throw invalidOption('classes', given, CLASSES);
  return given.map((entry) => {
    const [constructor, limit] = Array.isArray(entry) ? entry : [entry, 0];
    // An arrow function or a method has no instances.
    if (typeof constructor?.prototype !== 'object' || typeof constructor !== 'function' || !Number.isInteger(limit) || limit < 0) throw invalidOption('classes', entry, CLASSES);
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

/** All of them: an application has some thousand. */
const MOST_CLASSES = 100_000;

/** @param {Function[]} constructors @param {AbortSignal} signal @returns {Promise<number[]>} */
async function byName(constructors, signal) {
  for (const constructor of constructors) {
    const name = Object.getOwnPropertyDescriptor(constructor, 'name');
    // A name of its own (`static name`) is not the one that V8 knows.
    if (typeof name?.value !== 'string' || name.writable || name.value === '') throw new HeapwatchError('HEAPWATCH_INVALID_OPTION', `heapwatch: instances of ${show(constructor)} cannot be counted here: that is done by the class's name, and it has none, or a static one.`, { option: 'classes', value: constructor });
  }
  const { classes } = /** @type {import('../../index').LiveSummary} */ (await summarizeLive({ limit: MOST_CLASSES, signal }, true));
  // Classes of one name that stand at several places are rows of their own.
  return constructors.map(({ name }) => classes.reduce((sum, each) => sum + (each.name === name ? each.count : 0), 0));
}

module.exports = { toKeepAliveOnly };
