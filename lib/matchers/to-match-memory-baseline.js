'use strict';

const { randomUUID } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { fileURLToPath } = require('node:url');

const { HeapwatchError, invalidOption, messageOf, show } = require('../errors.js');
const { bytes, inconclusive, nameOf, range } = require('./message.js');
const { observe, untold } = require('./subject.js');

/** Smaller changes than this share are not a regression, however sure. */
const SHARE = 0.1;

/** Nor are these few bytes a call. */
const FLOOR_BYTES = 64;

/** @typedef {{ retained: number, retainedInterval: [number, number], allocated: number, allocatedInterval: [number, number] }} Baseline */

/**
 * `expect(fn).toMatchMemoryBaseline('name')`: bytes that a call retains and allocates are not significantly more than in the committed file
 * `__memory__/<test file>.json`, which has a figure for each Node major. The runner's -u writes it anew.
 *
 * @param {unknown} received
 * @param {[name: unknown, options?: object]} args
 * @param {import('./subject').Context} context
 * @returns {Promise<import('./subject').Outcome>}
 */
async function toMatchMemoryBaseline(received, [name, options], context) {
  if (typeof name !== 'string' || name === '') throw invalidOption('name', name, 'a text: the name of the figures in the file');
  if (context.isNot) throw invalidOption('not', true, 'left out: toMatchMemoryBaseline() cannot be negated');
  const file = fileOf(context.testPath);
  const { fn, found, strict, options: checked } = await observe(received, options, context);
  const { how = 'with -u' } = context;
  const major = process.versions.node.split('.')[0];
  const old = baselineOf(read(file), name, major, file);
  /** @type {Baseline} */
  const now = {
    retained: found.retainedBytesPerCall, retainedInterval: found.interval, allocated: found.allocatedBytesPerCall, allocatedInterval: found.allocatedInterval,
  };
  if (context.update === 'all' || (old === undefined && context.update !== 'none')) {
    if (found.verdict === 'inconclusive') return { pass: false, message: () => `${nameOf(fn)}: no baseline was written, for the measurement is inconclusive: ${found.reason}` };
    write(file, name, major, now);
    return { pass: true, message: () => '' };
  }
  if (old === undefined) return { pass: false, message: () => `${path.basename(file)} has no "${name}" for Node ${major}, and in CI none is written. Run the test ${how} on that Node and commit the file` };
  const worse = [
    compare('retains', old.retained, old.retainedInterval, now.retained, now.retainedInterval),
    compare('allocates', old.allocated, old.allocatedInterval, now.allocated, now.allocatedInterval),
  ].filter((line) => line !== null);
  const text = `${nameOf(fn)} ${worse.join('; ')}. If that is meant, update the baseline ${how}`;
  if (worse.length === 0 && found.verdict === 'inconclusive') return untold(`${inconclusive(fn, found, checked.maxMs)}; the baseline is ${bytes(old.retained)}`, strict, context);
  return { pass: worse.length === 0, message: () => text };
}

/**
 * @param {string} verb
 * @param {number} old
 * @param {[number, number]} oldInterval
 * @param {number} now
 * @param {[number, number]} nowInterval
 * @returns {string | null} null: no significant regression
 */
function compare(verb, old, oldInterval, now, nowInterval) {
  const isApart = nowInterval[0] > oldInterval[1];
  if (!isApart || now - old < Math.max(FLOOR_BYTES, Math.abs(old) * SHARE)) return null;
  return `${verb} ${bytes(now)} per call (${range(nowInterval)}), and did ${bytes(old)} (${range(oldInterval)}) when the baseline was taken`;
}

/** @param {string | undefined} testPath */
function fileOf(testPath) {
  if (testPath === undefined) throw new HeapwatchError('HEAPWATCH_INVALID_OPTION', 'heapwatch: which test file this is is not known here. Pass { file } to matchesMemoryBaseline().');
  const file = testPath.startsWith('file:') ? fileURLToPath(testPath) : testPath;
  return path.join(path.dirname(file), '__memory__', `${path.basename(file)}.json`);
}

/** Whoever merged the file by hand may have lost a part of it. */
const isFigures = (/** @type {any} */ value) => typeof value === 'object' && value !== null
  && [value.retained, value.allocated, value.retainedInterval?.[1], value.allocatedInterval?.[1]].every((figure) => typeof figure === 'number');

/**
 * @param {Record<string, Record<string, Baseline>>} all
 * @param {string} name
 * @param {string} major
 * @param {string} file
 * @returns {Baseline | undefined}
 */
function baselineOf(all, name, major, file) {
  if (!Object.hasOwn(all, name) || !Object.hasOwn(all[name] ?? {}, major)) return undefined;
  const found = all[name][major];
  if (!isFigures(found)) throw new HeapwatchError('HEAPWATCH_INVALID_OPTION', `heapwatch: "${name}" for Node ${major} in ${file} is ${show(found)}, not { retained, retainedInterval, allocated, allocatedInterval }. Remove it and have it written anew.`);
  return found;
}

/** @param {string} file @returns {Record<string, Record<string, Baseline>>} */
function read(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    // What cannot be read must not be replaced.
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return {};
    throw error;
  }
  let all;
  try {
    all = JSON.parse(text);
  } catch (error) {
    throw new HeapwatchError('HEAPWATCH_INVALID_OPTION', `heapwatch: ${file} is not JSON (${messageOf(error)}). Mend it, or remove it and have it written anew.`, { cause: error });
  }
  if (typeof all !== 'object' || all === null || Array.isArray(all)) throw new HeapwatchError('HEAPWATCH_INVALID_OPTION', `heapwatch: ${file} is ${show(all)}, not an object of baselines by name. Remove it and have it written anew.`);
  return all;
}

/**
 * @param {string} file
 * @param {string} name
 * @param {string} major
 * @param {Baseline} figures
 */
function write(file, name, major, figures) {
  const rounded = Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, Array.isArray(value) ? value.map(Math.round) : Math.round(value)]));
  const all = read(file); // again: other tests of the file may have written meanwhile
  const named = { ...all[name], [major]: rounded };
  const sorted = Object.fromEntries(Object.entries({ ...all, [name]: named }).sort(([a], [b]) => (a < b ? -1 : 1)));
  mkdirSync(path.dirname(file), { recursive: true });
  const partial = `${file}.${randomUUID()}.partial`;
  try {
    writeFileSync(partial, `${JSON.stringify(sorted, null, 2)}\n`);
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

module.exports = { toMatchMemoryBaseline };
