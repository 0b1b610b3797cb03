'use strict';

// What Node itself says about memory, in the words of a report.

const os = require('node:os');
const v8 = require('node:v8');

/** Counted by V8 as old generation: all spaces but these. */
const NOT_OLD_GENERATION = new Set(['new_space', 'new_large_object_space', 'read_only_space']);

/**
 * Sizes now, and how near the limits they are.
 *
 * @param {number} oldGenerationLimit
 */
function readMemory(oldGenerationLimit) {
  const memory = process.memoryUsage();
  const spaces = heapSpaces();
  const heapLimit = v8.getHeapStatistics().heap_size_limit;
  const containerLimit = containerLimitBytes();
  const heapUsedRatio = oldGenerationUsed(spaces) / oldGenerationLimit;
  // Of the container's other processes nothing is known here, nor of its page cache.
  const containerUsedRatio = containerLimit === null ? null : memory.rss / containerLimit;
  const containerBitesFirst = containerUsedRatio !== null && containerUsedRatio > heapUsedRatio;
  return {
    ...pickSizes(memory),
    arrayBuffers: memory.arrayBuffers,
    heapLimit,
    containerLimit,
    memoryLimit: containerLimit !== null && containerBitesFirst ? containerLimit : heapLimit,
    usedRatio: Math.max(heapUsedRatio, containerUsedRatio ?? 0),
    heapUsedRatio,
    containerUsedRatio,
    heapAfterLastMajorGc: null,
    sampleAgeMs: 0,
    spaces,
  };
}

/** The sizes of a sample. */
function readSizes() {
  const groups = groupSizes(heapSpaces()); // first: what this allocates is in the sum
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  return { rss, heapTotal, heapUsed, ...groups, external };
}

/** The spaces as people speak of them. @param {import('../../index').Report['spaces']} spaces */
function groupSizes(spaces) {
  const usedIn = (/** @type {string[]} */ ...names) => names.reduce((sum, name) => sum + (spaces[name]?.used ?? 0), 0);
  return {
    youngUsed: usedIn('new_space', 'new_large_object_space'),
    oldSpaceUsed: usedIn('old_space'),
    largeSpacesUsed: usedIn('large_object_space', 'code_large_object_space'),
  };
}

/** @param {NodeJS.MemoryUsage} memory */
function pickSizes({ rss, heapTotal, heapUsed, external }) {
  return { rss, heapTotal, heapUsed, external };
}

/** @returns {import('../../index').Report['spaces']} */
function heapSpaces() {
  return Object.fromEntries(v8.getHeapSpaceStatistics().map((space) => [space.space_name, {
    size: space.space_size,
    used: space.space_used_size,
    available: space.space_available_size,
    physical: space.physical_space_size,
  }]));
}

/** @param {import('../../index').Report['spaces']} spaces */
function oldGenerationUsed(spaces) {
  let used = 0;
  for (const [name, space] of Object.entries(spaces)) if (!NOT_OLD_GENERATION.has(name)) used += space.used;
  return used;
}

/** What the cgroup allows, by Node's account; null: no limit below the machine's memory. */
function containerLimitBytes() {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 && limit < os.totalmem() ? limit : null;
}

module.exports = { groupSizes, readMemory, readSizes };
