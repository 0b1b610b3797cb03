'use strict';

const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { parseArgs } = require('node:util');

const autocannon = require('autocannon');

const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances, writeResult } = require('../lib/results.js');
const { quantile } = require('../lib/statistics.js');
const { expressTable, judge } = require('./summary.js');

const SERVER = path.join(__dirname, 'server.js');
const CONNECTIONS = 20;

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

/** autocannon sees that it is done at its next sample only. */
const SAMPLE_MS = 10;

/** Requests between two turns of the servers: short beside the seconds that a disturbance lasts. */
const TURN = 1_000;

/**
 * @typedef {{ cpuUsPerRequest: number, p99Ms: number }} Measured
 * @typedef {{ a: Measured, b: Measured }} Pair
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
    while (pairs.length < count) pairs.push(await measurePair(node.path, configuration, requests, pairs.length % 2 === 1));
    const { name, title, flags, judged } = configuration;
    /** @type {ExpressResult} */
    const result = { circumstances: circumstances(node), configuration: { title, flags, judged }, requests, pairs };
    console.log(`\n${expressTable([result])}`);
    if (values.quick) continue; // too few pairs to judge by
    writeResult(__dirname, name, result);
    if (!judge(result).good) process.exitCode = 1;
  }
}

/**
 * Two servers, loaded in turns: A B B A A B B A … What the machine does meanwhile meets both.
 *
 * @param {string} node
 * @param {Configuration} configuration
 * @param {number} requests  per server
 * @param {boolean} swapped  B begins
 * @returns {Promise<Pair>}
 */
async function measurePair(node, { flags, a, b }, requests, swapped) {
  const servers = { a: new Server(node, flags, a), b: new Server(node, flags, b) };
  const [first, second] = swapped ? [servers.b, servers.a] : [servers.a, servers.b];
  try {
    for (const server of [first, second]) {
      await server.listening();
      await load(server.port, 10_000); // the JIT has its say before the account is opened
    }
    for (let done = 0; done < requests; done += 2 * TURN) {
      for (const server of [first, second, second, first]) await server.account(TURN);
    }
    return { a: servers.a.measured(), b: servers.b.measured() };
  } finally {
    for (const server of [first, second]) server.end();
  }
}

class Server {
  port = 0;
  #cpuUs = 0;
  /** @type {number[]} */
  #latenciesMs = [];

  /**
   * @param {string} node
   * @param {string[]} flags
   * @param {string[]} args
   */
  constructor(node, flags, args) {
    this.process = fork(SERVER, args, { execPath: node, execArgv: flags, env: { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '' } });
  }

  async listening() {
    const [{ port }] = await once(this.process, 'message', { signal: AbortSignal.timeout(20_000) });
    this.port = port;
  }

  /** @param {number} requests */
  async account(requests) {
    const start = await this.#cpu();
    this.#latenciesMs.push(...await load(this.port, requests));
    this.#cpuUs += await this.#cpu() - start;
  }

  async #cpu() {
    this.process.send('cpu');
    const [{ cpuUs }] = await once(this.process, 'message', { signal: AbortSignal.timeout(20_000) });
    return cpuUs;
  }

  /** @returns {Measured} */
  measured() {
    return { cpuUsPerRequest: this.#cpuUs / this.#latenciesMs.length, p99Ms: quantile(this.#latenciesMs, 0.99) };
  }

  end() {
    this.process.kill();
  }
}

/**
 * @param {number} port
 * @param {number} requests
 * @returns {Promise<number[]>} latencies in ms; autocannon's own histogram has whole milliseconds only
 */
async function load(port, requests) {
  /** @type {number[]} */
  const latenciesMs = [];
  const run = autocannon({ url: `http://127.0.0.1:${port}`, connections: CONNECTIONS, amount: requests, sampleInt: SAMPLE_MS });
  run.on('response', (/** @type {unknown} */ _client, /** @type {number} */ statusCode, /** @type {number} */ _bytes, /** @type {number} */ responseTimeMs) => {
    if (statusCode !== 200) throw new Error(`the server answered ${statusCode}`);
    latenciesMs.push(responseTimeMs);
  });
  await run;
  if (latenciesMs.length !== requests) throw new Error(`${latenciesMs.length} of ${requests} requests were answered`);
  return latenciesMs;
}

main();
