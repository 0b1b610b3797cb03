'use strict';

const { fork } = require('node:child_process');
const { once } = require('node:events');

const autocannon = require('autocannon');

const { quantile } = require('./statistics.js');

const CONNECTIONS = 20;

/** autocannon sees that it is done at its next sample only. */
const SAMPLE_MS = 10;

/** Requests between two turns of the servers: short beside the seconds that a disturbance lasts. */
const TURN = 1_000;

/**
 * @typedef {{ cpuUsPerRequest: number, p99Ms: number }} Measured
 * @typedef {{ a: Measured, b: Measured }} Pair
 */

/**
 * Two servers, loaded in turns: A B B A A B B A … What the machine does meanwhile meets both.
 *
 * @param {string} script  of the servers: says its port, and on any message the CPU that it has used
 * @param {string} node
 * @param {{ flags: string[], a: string[], b: string[] }} configuration  their arguments
 * @param {number} requests  per server
 * @param {boolean} swapped  B begins
 * @returns {Promise<Pair>}
 */
async function measurePair(script, node, { flags, a, b }, requests, swapped) {
  const servers = { a: new Server(script, node, flags, a), b: new Server(script, node, flags, b) };
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
   * @param {string} script
   * @param {string} node
   * @param {string[]} flags
   * @param {string[]} args
   */
  constructor(script, node, flags, args) {
    this.process = fork(script, args, { execPath: node, execArgv: flags, env: { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '' } });
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

module.exports = { measurePair };
