'use strict';

const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const path = require('node:path');
const { Worker } = require('node:worker_threads');

const heapwatch = require('../..');
const { allocateShortLived, LongLived } = require('../lib/garbage.js');
const { openSource } = require('../lib/sources/index.js');

const BLOCK_MS = 5_000;

/**
 * Blocks the loop for five seconds of allocation. What a worker with a watcher of its own sees of this thread meanwhile,
 * what the timeline has of the time afterwards, and what peers knew in the blocked loop and once it turned again.
 */
async function main() {
  const watcher = heapwatch.start();
  const peers = { PerformanceObserver: openSource('PerformanceObserver'), 'prom-client': openSource('prom-client') };
  const worker = new Worker(path.join(__dirname, 'onlooker.js'));
  await once(worker, 'message');
  await sleep(100);
  const gcsBefore = watcher.report().gc.all.count;
  const peersBefore = await countAll(peers);

  const startMs = Date.now();
  block();
  const endMs = Date.now();
  const gcs = watcher.report().gc.all.count - gcsBefore;
  const peersBlocked = await countAll(peers, peersBefore);
  await sleep(200);
  const peersAfter = await countAll(peers, peersBefore);

  worker.postMessage('end');
  const [seen] = await once(worker, 'message');
  const inside = (/** @type {{ timeMs: number }} */ { timeMs }) => timeMs >= startMs && timeMs <= endMs;
  const points = watcher.timeline().tiers.find(({ intervalMs }) => intervalMs === 1000)?.points.filter(inside) ?? [];
  process.send?.({
    startMs,
    endMs,
    gcs,
    points: points.map(({ timeMs, heapUsed, rss, gcCount, gcMs }) => ({ atMs: timeMs - startMs, heapUsed, rss, gcCount, gcMs })),
    seen: seen.filter(inside).map((/** @type {any} */ { timeMs, ...rest }) => ({ atMs: timeMs - startMs, ...rest })),
    peersBlocked,
    peersAfter,
  }, () => process.exit());
}

function block() {
  const longLived = new LongLived(200_000);
  const end = performance.now() + BLOCK_MS;
  while (performance.now() < end) {
    allocateShortLived(1e6);
    longLived.grow(1_000);
  }
}

/**
 * @param {Record<string, import('../lib/sources').OpenSource>} sources
 * @param {Record<string, number>} [before]
 * @returns {Promise<Record<string, number>>} GCs of all kinds
 */
async function countAll(sources, before = {}) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const [name, source] of Object.entries(sources)) {
    counts[name] = Object.values(await source.read()).reduce((sum, { count }) => sum + count, -(before[name] ?? 0));
  }
  return counts;
}

main();
