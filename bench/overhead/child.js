'use strict';

const { setImmediate: nextTurn, setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');
const v8 = require('node:v8');

const { allocateShortLived } = require('../lib/garbage');
const { openSource } = require('../lib/sources');

const BLOCKS = 20;

/**
 * A fixed amount of allocation with one source of GC numbers open (or none), and the CPU time of all of the process's
 * threads for it, block by block. The loop turns twice a GC, as a server's does, so that observers deliver, and are
 * paid for, while they are measured. Reading the numbers is not in the account: it happens once a scrape, not once a GC.
 */
async function main() {
  const { values } = parseArgs({
    options: { source: { type: 'string' }, megabytes: { type: 'string', default: '10000' }, trace: { type: 'boolean', default: false } },
  });
  const megabytes = Number(values.megabytes);
  await work(megabytes / 10); // the JIT has its say before the clock starts

  const source = values.source ? openSource(values.source) : null;
  await sleep(50);
  if (values.trace) v8.setFlagsFromString('--trace-gc');
  const blocksUs = [];
  for (let block = 0; block < BLOCKS; block++) {
    const start = process.cpuUsage();
    await work(megabytes / BLOCKS);
    const { user, system } = process.cpuUsage(start);
    blocksUs.push(user + system);
  }
  if (values.trace) v8.setFlagsFromString('--no-trace-gc');

  process.send?.({ blocksUs, tallies: await source?.read() }, () => process.exit());
}

/** @param {number} megabytes */
async function work(megabytes) {
  for (let done = 0; done < megabytes; done += 0.5) {
    allocateShortLived(512 * 1024);
    await nextTurn();
  }
}

main();
