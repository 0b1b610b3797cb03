'use strict';

const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { Worker } = require('node:worker_threads');

const heapwatch = require('../..');
const { random } = require('../lib/statistics.js');

const AT_ONCE = 4;

/** From before its first line of JavaScript runs to well inside its GCs. */
const LONGEST_LIFE_MS = 120;

/**
 * Starts workers that collect garbage all the time and terminates each at a random moment; some end by themselves. With
 * --heapwatch every thread has a watcher, and this one asks for reports of all of them meanwhile. Sends RSS as it went.
 */
async function main() {
  const { values } = parseArgs({
    options: {
      workers: { type: 'string', default: '500' },
      heapwatch: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
    },
  });
  const next = random(Number(values.seed));
  const watcher = values.heapwatch ? heapwatch.start() : null;
  if (watcher && !heapwatch.support.native) throw new Error(`heapwatch is degraded here: ${heapwatch.support.reason}`);

  let left = Number(values.workers);
  let mostThreads = 0;
  let gcsSeen = 0;
  /** @type {number[]} */
  const rss = [];
  const asking = watcher && setInterval(() => {
    const { threads } = watcher.report();
    mostThreads = Math.max(mostThreads, threads.length);
    for (const { gc } of threads) gcsSeen = Math.max(gcsSeen, gc.all.count);
  }, 5);

  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) {
      await live(values.heapwatch, next);
      rss.push(process.memoryUsage.rss());
    }
  }));

  if (asking) clearInterval(asking);
  await sleep(200);
  const threadsLeft = watcher?.report().threads.length ?? 0;
  process.send?.({ rss, mostThreads, gcsSeen, threadsLeft }, () => process.exit());
}

/**
 * One worker's life.
 *
 * @param {boolean} watched
 * @param {() => number} next
 */
async function live(watched, next) {
  const lifeMs = next() * LONGEST_LIFE_MS;
  const endsItself = next() < 0.1;
  const worker = new Worker(path.join(__dirname, 'worker.js'), { workerData: { watched, lifeMs: endsItself ? lifeMs : null } });
  const exit = once(worker, 'exit');
  if (!endsItself) {
    await sleep(lifeMs);
    worker.terminate();
  }
  await exit;
}

main();
