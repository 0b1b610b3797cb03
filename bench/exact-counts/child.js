'use strict';

const { setImmediate: nextTurn, setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');
const v8 = require('node:v8');

const heapwatch = require('../..');
const { allocateShortLived, LongLived } = require('../lib/garbage.js');
const { SOURCES, openSource, tryOpenSource } = require('../lib/sources/index.js');
const { subtract } = require('../lib/sources/tally.js');

/** @typedef {import('../lib/sources/tally').Tallies} Tallies */

/** Its numbers can be read once only, and reading them is so much work that it causes GCs: opened and read last. */
const READ_ONCE = 'v8.GCProfiler';

/**
 * Every source of GC numbers at once, through collections of every kind. --trace-gc is switched on and off around
 * them, so that its lines are exactly those of the measured time. Needs --expose-gc.
 */
async function main() {
  const { values } = parseArgs({
    options: {
      blocked: { type: 'boolean', default: false },
      alone: { type: 'boolean', default: false },
      steps: { type: 'string', default: '600' },
    },
  });
  const names = values.alone ? [] : Object.keys(SOURCES).filter((name) => !name.startsWith('heapwatch') && name !== READ_ONCE);

  // V8 calls its hooks in the order they were added: before the others', heapwatch's pauses have least of the others' work in them.
  const watcher = heapwatch.start();
  /** @type {Record<string, import('../lib/sources').OpenSource>} */
  const open = { heapwatch: openSource('heapwatch') };
  /** @type {Record<string, string>} */
  const errors = {};
  for (const name of names) {
    const attempt = tryOpenSource(name);
    if ('opened' in attempt) open[name] = attempt.opened;
    else errors[name] = attempt.error;
  }
  warmUp();
  await settle();
  await readAll(open); // compiles and loads what reading needs
  await settle();
  const before = await readAll(open);
  const pausesBefore = watcher.pauses().length;

  if (!values.alone) open[READ_ONCE] = openSource(READ_ONCE);
  v8.setFlagsFromString('--trace-gc');
  const start = performance.now();
  await collect(Number(values.steps), values.blocked);
  const ms = performance.now() - start;
  await settle();
  v8.setFlagsFromString('--no-trace-gc');
  const pauses = watcher.pauses().slice(pausesBefore);
  const after = await readAll(open);

  const sources = Object.fromEntries(Object.entries(after).map(([name, tallies]) => [name, subtract(tallies, before[name] ?? {})]));
  process.send?.({ ms, sources, errors, pauses: pauses.map(({ kind, pauseMs }) => ({ kind, pauseMs })) }, () => process.exit());
}

/**
 * All that is queued anywhere is delivered, and the young generation is empty: no collection is near.
 */
async function settle() {
  await sleep(100);
  global.gc?.();
  await sleep(50);
}

/**
 * @param {Record<string, import('../lib/sources').OpenSource>} open
 * @returns {Promise<Record<string, Tallies>>}
 */
async function readAll(open) {
  /** @type {Record<string, Tallies>} */
  const read = {};
  for (const name in open) read[name] = structuredClone(await open[name].read());
  return read;
}

function warmUp() {
  const longLived = new LongLived(50_000);
  for (let i = 0; i < 50; i++) step(i, longLived);
}

/**
 * @param {number} steps
 * @param {boolean} blocked  the event loop does not turn until all is done
 */
async function collect(steps, blocked) {
  const longLived = new LongLived(150_000);
  for (let i = 1; i <= steps; i++) {
    step(i, longLived);
    if (blocked) spin(5);
    else await nextTurn();
  }
}

/**
 * Minor collections by allocation and by request; major ones by growth (incremental marking), by external memory and by
 * both ways to ask for one.
 *
 * @param {number} i
 * @param {InstanceType<typeof LongLived>} longLived
 */
function step(i, longLived) {
  allocateShortLived(2e6);
  longLived.grow(5_000);
  if (i % 10 === 0) Buffer.alloc(4e6);
  if (i % 20 === 0) global.gc?.(/** @type {any} */ ({ type: 'minor' }));
  if (i % 50 === 0) global.gc?.();
  if (i % 50 === 25) heapwatch.gc();
}

/** @param {number} ms */
function spin(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

main();
