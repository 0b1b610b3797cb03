'use strict';

// V8 gives up when its old generation is full. `heap_size_limit` is not that limit: it adds the young
// generation, three times the largest semi-space. So that is taken off again here, by V8's own rule for
// it, which was measured on Node 20, 22, 24 and 26 (the table is in the test).

const v8 = require('node:v8');
const { isMainThread, resourceLimits } = require('node:worker_threads');

const MB = 1024 * 1024;

/** Up to this size of the old generation, V8 before 14 takes the machine for small and makes semi-spaces of 1/256. */
const SMALL_OLD_GENERATION = 256 * MB;

/** @typedef {{ heapSizeLimit: number, v8Major: number, flags: string[], resourceLimits: import('node:worker_threads').ResourceLimits }} Known */

/** In this thread, now; it changes only if somebody moves V8's limit while it runs. */
function oldGenerationLimitBytes() {
  return estimateOldGenerationLimit({
    heapSizeLimit: v8.getHeapStatistics().heap_size_limit,
    v8Major: Number.parseInt(process.versions.v8 ?? '', 10),
    flags: [...(process.env.NODE_OPTIONS ?? '').replaceAll('"', '').split(/\s+/), ...process.execArgv],
    resourceLimits: isMainThread ? {} : resourceLimits,
  });
}

/** @param {Known} known */
function estimateOldGenerationLimit({ heapSizeLimit, v8Major, flags, resourceLimits }) {
  const oldMb = sizeFlag(flags, '--max-old-space-size=');
  if (oldMb > 0) return Math.min(oldMb * MB, heapSizeLimit); // wins over a worker's resourceLimits, in V8 too
  const semiMb = sizeFlag(flags, '--max-semi-space-size=');
  const youngMb = resourceLimits.maxYoungGenerationSizeMb ?? NaN;
  const semi = semiMb > 0 ? powerOfTwo(semiMb * MB)
    : youngMb > 0 ? powerOfTwo((youngMb * MB) / 3)
      : semiSpace(heapSizeLimit, v8Major);
  return heapSizeLimit - 3 * semi;
}

/**
 * A share of the old generation, rounded up to a power of two, and at most the version's default. The
 * old generation is what is sought; so the smallest semi-space that leaves a fitting one is taken.
 *
 * @param {number} heapSizeLimit
 * @param {number} v8Major
 */
function semiSpace(heapSizeLimit, v8Major) {
  const [largest, share] = v8Major < 13 ? [16 * MB, 128] : v8Major === 13 ? [64 * MB, 32] : [32 * MB, 64];
  /** @param {number} old */
  const wanted = (old) => old / (v8Major < 14 && old <= SMALL_OLD_GENERATION ? 256 : share);
  let semi = MB / 2;
  while (semi < largest && wanted(heapSizeLimit - 3 * semi) > semi) semi *= 2;
  return semi;
}

/**
 * The last one given wins, and V8 takes '_' for '-'. NaN: not given.
 *
 * @param {string[]} flags
 * @param {string} start
 */
function sizeFlag(flags, start) {
  const flag = flags.map((each) => each.replaceAll('_', '-')).findLast((each) => each.startsWith(start));
  return Number(flag?.slice(start.length));
}

/** @param {number} n */
const powerOfTwo = (n) => 2 ** Math.ceil(Math.log2(n));

module.exports = { oldGenerationLimitBytes, estimateOldGenerationLimit };
