'use strict';

const path = require('node:path');
const { parseArgs } = require('node:util');

const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances, writeResult } = require('../lib/results.js');
const { measurePair } = require('../lib/server-pairs.js');
const { expressTable, judge } = require('./summary.js');

const SERVER = path.join(__dirname, 'server.js');

/**
 * Left alone, V8 grows the young generation by what survives in it, and one more module loaded before the first request,
 * whichever, can move that by a factor of two and CPU per request by some percent. Held still, it is the same in both.
 */
const YOUNG_HELD_STILL = ['--min-semi-space-size=16', '--max-semi-space-size=16'];

const HEAPWATCH = ['--load', path.join(__dirname, '..', '..')];

/**
 * Two servers to compare, by their arguments; `judged` against the goal or shown beside.
 *
 * @typedef {{ name: string, title: string, flags: string[], a: string[], b: string[], judged: boolean }} Configuration
 *
 * @type {Configuration[]}
 */
const CONFIGURATIONS = [
  { name: '1-started', title: 'heapwatch started / not loaded', flags: YOUNG_HELD_STILL, a: [], b: [...HEAPWATCH, '--start'], judged: true },
  { name: '2-default-started', title: 'heapwatch started / loaded only', flags: [], a: HEAPWATCH, b: [...HEAPWATCH, '--start'], judged: true },
  { name: '3-default-loaded', title: 'heapwatch started / not loaded', flags: [], a: [], b: [...HEAPWATCH, '--start'], judged: false },
  { name: '4-default-control', title: 'prom-client loaded only / not loaded', flags: [], a: [], b: ['--load', 'prom-client'], judged: false },
];

/**
 * @typedef {import('../lib/server-pairs').Measured} Measured
 * @typedef {import('../lib/server-pairs').Pair} Pair
 *
 * @typedef {object} ExpressResult
 * @property {ReturnType<typeof circumstances>} circumstances
 * @property {{ title: string, flags: string[], judged: boolean }} configuration
 * @property {number} requests  per server and pair
 * @property {Pair[]} pairs
 */

async function main() {
  const { values } = parseArgs({
    options: {
      node: { type: 'string', multiple: true },
      only: { type: 'string' },
      pairs: { type: 'string' },
      requests: { type: 'string', default: '10000' },
      quick: { type: 'boolean', default: false },
    },
  });
  const binaries = nodeBinaries(values.node);
  const node = binaries.find(({ major }) => major === '24') ?? binaries[0];
  const requests = Number(values.requests);
  const count = Number(values.pairs ?? (values.quick ? 5 : 80));

  for (const configuration of CONFIGURATIONS.filter(({ name }) => name.includes(values.only ?? ''))) {
    /** @type {Pair[]} */
    const pairs = [];
    while (pairs.length < count) pairs.push(await measurePair(SERVER, node.path, configuration, requests, pairs.length % 2 === 1));
    const { name, title, flags, judged } = configuration;
    /** @type {ExpressResult} */
    const result = { circumstances: circumstances(node), configuration: { title, flags, judged }, requests, pairs };
    console.log(`\n${expressTable([result])}`);
    if (values.quick) continue; // too few pairs to judge by
    writeResult(__dirname, name, result);
    if (!judge(result).good) process.exitCode = 1;
  }
}

main();
