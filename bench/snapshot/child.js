'use strict';
// One heap of one kind and size: forked snapshots, then one in-process, in the same process. Reports pauses, memory, and what children and
// scavenges cost before, after the forked ones, and after the in-process one.

const { spawnSync } = require('node:child_process');
const { mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { PerformanceObserver } = require('node:perf_hooks');
const { parseArgs } = require('node:util');
const v8 = require('node:v8');

const { children } = require('../../__test__/children.js');
const { snapshot } = require('../..');
const { median } = require('../lib/statistics.js');

const MB = 1024 * 1024;
/** Forked snapshots of one heap. The copy of a large one takes minutes. @param {number} mb */
const forkedOf = (mb) => (mb < 1_000 ? 3 : 1);

/** Forks of a large heap that are given up once they are there: for the pause alone. */
const GIVEN_UP = 5;

/** Each adds about 100 kB to what it is given. @type {Record<string, (heap: any[], i: number) => void>} */
const KINDS = {
  objects: (heap, i) => { for (let k = 0; k < 1_000; k += 1) heap.push({ id: i * 1_000 + k, next: { k, text: 'constant' } }); },
  strings: (heap, i) => { for (let k = 0; k < 1_200; k += 1) heap.push(`${i}-${k}-`.repeat(4).split('').reverse().join('')); },
  maps: (heap, i) => { heap.push(new Map(Array.from({ length: 1_400 }, (_, k) => [i * 1_400 + k, { k }]))); },
  arrays: (heap, i) => { heap.push(new Array(13_000).fill(i + 0.5)); },
};

function spawnMs() {
  return median(Array.from({ length: 51 }, () => {
    const startMs = performance.now();
    spawnSync('/bin/true');
    return performance.now() - startMs;
  }));
}

async function scavengeMs() {
  /** @type {number[]} */
  const times = [];
  const observer = new PerformanceObserver((list) => { for (const { duration, detail } of /** @type {any[]} */ (list.getEntries())) if (detail.kind === 1) times.push(duration); });
  observer.observe({ entryTypes: ['gc'] });
  for (let round = 0; round < 150; round += 1) {
    const kept = Array.from({ length: 20_000 }, (_, i) => ({ i, data: [i] }));
    if (kept.length === 0) throw new Error('never');
    if (round % 10 === 0) await new Promise((resolve) => { setImmediate(resolve); });
  }
  await new Promise((resolve) => { setTimeout(resolve, 50); });
  observer.disconnect();
  return median(times);
}

/** Highest resident memory of this process since this was last asked, and of its children. */
function peaks() {
  const own = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
  writeFileSync('/proc/self/clear_refs', '5');
  return own;
}

/** What the children take that is theirs alone: pages that they changed or made. */
function privateOfChildren() {
  let sum = 0;
  for (const child of children()) {
    try {
      for (const [, kb] of readFileSync(`/proc/${child}/smaps_rollup`, 'utf8').matchAll(/^Private_\w+:\s+(\d+)/gm)) sum += Number(kb) * 1024;
    } catch {
      // it has just ended
    }
  }
  return sum;
}

/**
 * How long JavaScript stands still when a copy is made: the turn of the event loop in which the copy appears, with nothing else to do. The copy is given up then.
 *
 * @param {string} folder
 */
async function stallMs(folder) {
  const controller = new AbortController();
  /** @type {any} */
  let failure = null;
  const taken = snapshot({ mode: 'fork', dir: folder, signal: controller.signal }).catch((error) => { failure = error; });
  for (;;) {
    const startMs = performance.now();
    await new Promise((resolve) => { setImmediate(resolve); });
    const endMs = performance.now();
    if (failure !== null) throw failure;
    if (children().length > 0) {
      controller.abort();
      await taken;
      return endMs - startMs;
    }
  }
}

/**
 * @param {number} count
 * @param {number} everyMs  how often their memory is looked at
 * @param {string} folder
 */
async function takeForked(count, everyMs, folder) {
  const forked = [];
  let childPeak = 0;
  // Reading what a copy has for itself holds the copy up: the larger, the longer.
  const look = setInterval(() => { childPeak = Math.max(childPeak, privateOfChildren()); }, everyMs);
  try {
    for (let round = 0; round < count; round += 1) {
      const { path: file, pauseMs, totalMs, bytes } = await snapshot({ mode: 'fork', dir: folder, timeoutMs: 1_200_000 });
      unlinkSync(file);
      forked.push({ pauseMs, totalMs, bytes });
    }
  } finally {
    clearInterval(look);
  }
  return { forked, childPeak };
}

async function main() {
  const { values } = parseArgs({ options: { kind: { type: 'string', default: 'objects' }, mb: { type: 'string', default: '50' }, stalls: { type: 'boolean', default: false }, memory: { type: 'boolean', default: false } } });
  /** @type {any[]} */
  const heap = [];
  const wanted = Number(values.mb) * MB;
  for (let i = 0; process.memoryUsage().heapUsed < wanted; i += 1) KINDS[values.kind](heap, i);
  await new Promise((resolve) => { setTimeout(resolve, 500); });
  const folder = mkdtempSync(path.join(tmpdir(), 'heapwatch-bench-'));
  const rss = process.memoryUsage.rss();
  if (values.memory) {
    const { childPeak } = await takeForked(1, Number(values.mb), folder);
    rmSync(folder, { recursive: true });
    process.send?.({ kind: values.kind, mb: Number(values.mb), forkChild: childPeak });
    return;
  }
  /** @type {number[]} */
  const stallsMs = [];
  while (forkedOf(Number(values.mb)) === 1 && stallsMs.length < GIVEN_UP) stallsMs.push(await stallMs(folder));
  if (values.stalls) {
    rmSync(folder, { recursive: true });
    process.send?.({ kind: values.kind, mb: Number(values.mb), stallsMs });
    return;
  }
  const spawnBefore = spawnMs();
  const scavengeBefore = await scavengeMs();
  peaks();
  let taken;
  try {
    taken = await takeForked(forkedOf(Number(values.mb)), Number(values.mb) * 5, folder);
  } catch (error) {
    // Where the copy finds no memory, this process would die of it: the in-process way is not tried.
    if (stallsMs.length === 0) throw error;
    rmSync(folder, { recursive: true });
    process.send?.({ kind: values.kind, mb: Number(values.mb), heapUsed: process.memoryUsage().heapUsed, rss, kept: heap.length, stallsMs, failure: /** @type {any} */ (error).code });
    return;
  }
  const { forked, childPeak } = taken;
  const forkPeak = peaks();
  const spawnAfterFork = spawnMs();
  const scavengeAfterFork = await scavengeMs();
  peaks();
  const file = path.join(folder, 'in-process');
  const startMs = performance.now();
  v8.writeHeapSnapshot(file);
  const inProcessMs = performance.now() - startMs;
  const inProcessPeak = peaks();
  const inProcessBytes = statSync(file).size;
  const scavengeAfterInProcess = await scavengeMs();
  rmSync(folder, { recursive: true });
  process.send?.({
    kind: values.kind, mb: Number(values.mb), heapUsed: process.memoryUsage().heapUsed, rss, kept: heap.length, forked, stallsMs, inProcessMs, inProcessBytes,
    peaks: { fork: forkPeak - rss, forkChild: childPeak, inProcess: inProcessPeak - rss },
    spawnMs: { before: spawnBefore, afterFork: spawnAfterFork },
    scavengeMs: { before: scavengeBefore, afterFork: scavengeAfterFork, afterInProcess: scavengeAfterInProcess },
  });
}

main();
