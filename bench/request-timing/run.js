'use strict';

const path = require('node:path');
const { parseArgs } = require('node:util');

const { runChildToSuccess } = require('../lib/child.js');
const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances, writeResult } = require('../lib/results.js');
const { measurePair } = require('../lib/server-pairs.js');
const { judge, requestTimingTable } = require('./summary.js');

const SERVER = path.join(__dirname, '..', 'express', 'server.js');
const STARTED = ['--load', path.join(__dirname, '..', '..'), '--start'];

/** As in bench/express: left alone, V8's young generation moves more than what is looked for. */
const FLAGS = ['--min-semi-space-size=16', '--max-semi-space-size=16'];

/** Hello world on both sides, heapwatch started on both: the difference is the middleware. */
const CONFIGURATIONS = [
  { name: 'express-1', title: 'requestTiming() / without', flags: FLAGS, a: STARTED, b: [...STARTED, '--timing', '{}'], judged: false },
  { name: 'express-2', title: 'requestTiming({ header: false }) / without', flags: FLAGS, a: STARTED, b: [...STARTED, '--timing', '{"header":false}'], judged: false },
];

/**
 * @typedef {object} PartsResult
 * @property {ReturnType<typeof circumstances>} circumstances
 * @property {Record<string, number[]>} times  ns by part, each in a request, the clock itself included
 *
 * @typedef {import('../express/run').ExpressResult} ExpressResult
 */

async function main() {
  const { values } = parseArgs({
    options: {
      node: { type: 'string', multiple: true },
      only: { type: 'string', default: '' },
      pairs: { type: 'string' },
      requests: { type: 'string', default: '10000' },
      quick: { type: 'boolean', default: false },
    },
  });
  const binaries = nodeBinaries(values.node);
  for (const node of binaries.filter(() => 'parts'.startsWith(values.only))) {
    const { message } = await runChildToSuccess(path.join(__dirname, 'child.js'), { node: node.path });
    /** @type {PartsResult} */
    const result = { circumstances: circumstances(node), times: sampled(message.times) };
    console.log(`\n${requestTimingTable([result])}`);
    if (!judge(result)) process.exitCode = 1;
    if (!values.quick) writeResult(__dirname, `parts-${node.major}`, result);
  }

  const node = binaries.find(({ major }) => major === '24') ?? binaries[0];
  const count = Number(values.pairs ?? (values.quick ? 5 : 40));
  for (const { name, title, flags, a, b, judged } of CONFIGURATIONS.filter((configuration) => configuration.name.startsWith(values.only))) {
    /** @type {import('../lib/server-pairs').Pair[]} */
    const pairs = [];
    while (pairs.length < count) pairs.push(await measurePair(SERVER, node.path, { flags, a, b }, Number(values.requests), pairs.length % 2 === 1));
    /** @type {ExpressResult} */
    const result = { circumstances: circumstances(node), configuration: { title, flags, judged }, requests: Number(values.requests), pairs };
    console.log(`\n${requestTimingTable([result])}`);
    if (!values.quick) writeResult(__dirname, name, result);
  }
}

/**
 * Every tenth, in order of size: the quantiles stay, and the file is read by people.
 *
 * @param {Record<string, number[]>} times
 */
function sampled(times) {
  return Object.fromEntries(Object.entries(times).map(([part, ns]) => [part, ns.sort((a, b) => a - b).filter((_, at) => at % 10 === 5)]));
}

main();
