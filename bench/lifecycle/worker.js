'use strict';

const { setImmediate: nextTurn } = require('node:timers/promises');
const { workerData } = require('node:worker_threads');

const { allocateShortLived, LongLived } = require('../lib/garbage.js');

/** Collects garbage until it is terminated, or for so long as it was told. */
async function main() {
  if (workerData.watched) require('../..').start();
  const longLived = new LongLived(20_000);
  const end = performance.now() + (workerData.lifeMs ?? Infinity);
  while (performance.now() < end) {
    allocateShortLived(1e6);
    longLived.grow(1_000);
    await nextTurn();
  }
}

main();
