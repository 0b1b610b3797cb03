'use strict';

const { setImmediate: nextTurn } = require('node:timers/promises');
const { parseArgs } = require('node:util');

const heapwatch = require('../..');
const { allocateShortLived } = require('../lib/garbage.js');

const SAMPLES = 40;

/** Starts and stops a watcher again and again, with GCs in between. Sends memory as it went. */
async function main() {
  const { values } = parseArgs({ options: { times: { type: 'string', default: '10000' } } });
  if (!heapwatch.support.native) throw new Error(`heapwatch is degraded here: ${heapwatch.support.reason}`);
  const times = Number(values.times);
  const samples = [];
  const start = performance.now();
  for (let i = 1; i <= times; i++) {
    const watcher = heapwatch.start();
    if (i % 10 === 0) allocateShortLived(1e6);
    watcher.stop();
    if (i % (times / SAMPLES) === 0) {
      await nextTurn();
      heapwatch.gc();
      const { rss, heapUsed, external } = process.memoryUsage();
      samples.push({ rss, heapUsed, external });
    }
  }
  process.send?.({ ms: performance.now() - start, samples }, () => process.exit());
}

main();
