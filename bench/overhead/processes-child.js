'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');
const v8 = require('node:v8');

const { openSource } = require('../lib/sources/index.js');
const { Workload } = require('./workload.js');

const BLOCKS = 20;

/**
 * The workload with one source of GC numbers open, or none, and the CPU time of all of the process's threads for it,
 * block by block. Reading the numbers is not in the account: it happens once a scrape, not once a GC.
 */
async function main() {
  const { values } = parseArgs({
    options: { source: { type: 'string', default: '' }, megabytes: { type: 'string', default: '10000' }, trace: { type: 'boolean', default: false } },
  });
  const megabytes = Number(values.megabytes);
  const workload = new Workload({ cold: false });
  await workload.run(megabytes / 10); // the JIT has its say before the clock starts

  const source = values.source === '' ? null : openSource(values.source);
  await sleep(50);
  if (values.trace) v8.setFlagsFromString('--trace-gc');
  const blocksUs = [];
  for (let block = 0; block < BLOCKS; block++) {
    const start = process.cpuUsage();
    await workload.run(megabytes / BLOCKS);
    const { user, system } = process.cpuUsage(start);
    blocksUs.push(user + system);
  }
  if (values.trace) v8.setFlagsFromString('--no-trace-gc');

  process.send?.({ blocksUs, tallies: await source?.read() }, () => process.exit());
}

main();
