'use strict';

const v8 = require('node:v8');
const { isMainThread, resourceLimits } = require('node:worker_threads');

const MB = 1024 * 1024;

/**
 * The limit of V8's old generation in bytes: where it gives up. `heap_size_limit` is not that, it adds
 * the young generation, three semi-spaces of their largest size; so those are taken off again.
 */
function oldGenerationLimitBytes() {
  return estimateOldGenerationLimit({
    heapSizeLimit: v8.getHeapStatistics().heap_size_limit,
    v8Major: Number.parseInt(process.versions.v8 ?? '', 10),
    flags: [...(process.env.NODE_OPTIONS ?? '').split(/\s+/), ...process.execArgv],
    resourceLimits: isMainThread ? {} : resourceLimits,
  });
}

/**
 * @param {{ heapSizeLimit: number, v8Major: number, flags: string[], resourceLimits: import('node:worker_threads').ResourceLimits }} known
 */
function estimateOldGenerationLimit({ heapSizeLimit, v8Major, flags, resourceLimits: worker }) {
  const old = worker.maxOldGenerationSizeMb ?? lastFlag(flags, 'max-old-space-size');
  if (old !== undefined && old > 0) return Math.min(old * MB, heapSizeLimit);
  const semi = lastFlag(flags, 'max-semi-space-size');
  const young = semi !== undefined && semi > 0 ? 3 * semi * MB : youngGeneration(heapSizeLimit, v8Major);
  return Math.max(heapSizeLimit - young, heapSizeLimit / 4);
}

/**
 * @param {number} heapSizeLimit
 * @param {number} v8Major
 */
function youngGeneration(heapSizeLimit, v8Major) {
  return Math.min(3 * 16 * MB, heapSizeLimit / 4);
}

/**
 * V8 takes '-' and '_' alike, and the last one given wins.
 *
 * @param {string[]} flags
 * @param {string} name
 */
function lastFlag(flags, name) {
  const found = flags.map((flag) => flag.replaceAll('_', '-')).findLast((flag) => flag.startsWith(`--${name}=`));
  return found === undefined ? undefined : Number(found.slice(name.length + 3));
}

module.exports = { oldGenerationLimitBytes, estimateOldGenerationLimit };
