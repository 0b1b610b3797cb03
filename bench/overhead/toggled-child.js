'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');
const v8 = require('node:v8');

const { openSource } = require('../lib/sources/index.js');
const { random } = require('../lib/statistics.js');
const { Workload } = require('./workload.js');

/**
 * One source, opened and closed again and again in one process: pairs of the same workload without it and with it, a few
 * hundredths of a second apart, in random order. What differs between two processes (where things lie in memory, what
 * the JIT made of them), and whatever the machine does for longer than a pair, cancels out.
 */
async function main() {
  const { values } = parseArgs({
    options: {
      source: { type: 'string', default: '' },
      pairs: { type: 'string', default: '100' },
      megabytes: { type: 'string', default: '250' },
      seed: { type: 'string', default: '1' },
      cold: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
    },
  });
  const next = random(Number(values.seed));
  const megabytes = Number(values.megabytes);
  const workload = new Workload({ cold: values.cold });
  await workload.run(megabytes * 2);

  const pairsUs = [];
  while (pairsUs.length < Number(values.pairs)) {
    /** Without, with. @type {[number, number]} */
    const pair = [0, 0];
    for (const side of next() < 0.5 ? [0, 1] : [1, 0]) {
      const source = side === 1 && values.source !== '' ? openSource(values.source) : null;
      await sleep(5);
      await workload.run(megabytes / 10);
      if (values.trace) v8.setFlagsFromString('--trace-gc');
      const start = process.cpuUsage();
      await workload.run(megabytes);
      const { user, system } = process.cpuUsage(start);
      pair[side] = user + system;
      if (values.trace) v8.setFlagsFromString('--no-trace-gc');
      source?.close();
      await sleep(5); // what it still has under way is not the next one's
    }
    pairsUs.push(pair);
  }
  process.send?.({ pairsUs }, () => process.exit());
}

main();
