'use strict';

const { fork } = require('node:child_process');
const { once } = require('node:events');
const http = require('node:http');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');

const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances, writeResult } = require('../lib/results.js');
const { quantile } = require('../lib/statistics.js');
const { latencyTable } = require('./summary.js');

const CONNECTIONS = 10;
const RATE = 200;
/** The snapshot begins this long after the load. */
const BEFORE_MS = 5_000;

/**
 * @typedef {object} Way
 * @property {string} way
 * @property {number} snapshotMs  from its beginning to its end
 * @property {{ p50: number, p99: number, p999: number, max: number }} latencyMs  over the whole load
 * @property {number} errors
 * @property {[sinceMs: number, latencyMs: number][]} worst  the slowest answer in each tenth of a second; 0: the beginning of the snapshot
 *
 * @typedef {{ circumstances: ReturnType<typeof circumstances>, mb: number, seconds: number, ways: Way[] }} LatencyResult
 */

async function main() {
  const { values } = parseArgs({
    options: { node: { type: 'string', multiple: true }, mb: { type: 'string', default: '200' }, seconds: { type: 'string', default: '60' } },
  });
  const binaries = nodeBinaries(values.node);
  const node = binaries.find(({ major }) => major === '24') ?? binaries[0];
  /** @type {LatencyResult} */
  const result = { circumstances: circumstances(node), mb: Number(values.mb), seconds: Number(values.seconds), ways: [] };
  for (const way of ['in-process', 'fork']) result.ways.push(await measure(node.path, way, result));
  writeResult(__dirname, node.major, result);
  console.log(latencyTable([result]));
}

/**
 * @param {string} node
 * @param {string} way
 * @param {{ mb: number, seconds: number }} options
 * @returns {Promise<Way>}
 */
async function measure(node, way, { mb, seconds }) {
  const server = fork(path.join(__dirname, 'server.js'), ['--mb', String(mb)], { execPath: node, execArgv: ['--max-old-space-size=4096'], env: { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '' } });
  try {
    const [{ port }] = await once(server, 'message', { signal: AbortSignal.timeout(120_000) });
    const url = `http://127.0.0.1:${port}`;
    await load(url, 5); // the JIT has its say
    const loaded = load(url, seconds);
    await sleep(BEFORE_MS);
    server.send(way);
    const [[{ beganMs, endedMs }], { answers, errors }] = await Promise.all([once(server, 'message'), loaded]);
    const latenciesMs = answers.map(([, latencyMs]) => latencyMs);
    const [p50, p99, p999, max] = [0.5, 0.99, 0.999, 1].map((share) => quantile(latenciesMs, share));
    return { way, snapshotMs: endedMs - beganMs, latencyMs: { p50, p99, p999, max }, errors, worst: worst(answers.map(([sentMs, latencyMs]) => [sentMs - beganMs, latencyMs])) };
  } finally {
    server.kill();
  }
}

/**
 * Sends at fixed times, whether answers come or not, and counts from when each should have been sent: who waits for a connection waits, too.
 *
 * @param {string} url
 * @param {number} seconds
 * @returns {Promise<{ answers: [sentMs: number, latencyMs: number][], errors: number }>}
 */
async function load(url, seconds) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  /** @type {[number, number][]} */
  const answers = [];
  let errors = 0;
  const beganMs = Date.now();
  /** @type {Promise<void>[]} */
  const pending = [];
  for (let sent = 0; sent < RATE * seconds; sent += 1) {
    const dueMs = beganMs + sent * 1_000 / RATE;
    if (dueMs > Date.now()) await sleep(dueMs - Date.now());
    pending.push(new Promise((resolve) => {
      http.get(url, { agent }, (response) => {
        response.resume().on('end', () => {
          answers.push([dueMs, Date.now() - dueMs]);
          resolve();
        });
      }).on('error', () => {
        errors += 1;
        resolve();
      });
    }));
  }
  await Promise.all(pending);
  agent.destroy();
  return { answers, errors };
}

/**
 * @param {[sentMs: number, latencyMs: number][]} answers
 * @returns {[number, number][]}
 */
function worst(answers) {
  /** @type {Map<number, number>} */
  const slots = new Map();
  for (const [sentMs, latencyMs] of answers) {
    const slot = Math.floor(sentMs / 100) * 100;
    slots.set(slot, Math.max(slots.get(slot) ?? 0, latencyMs));
  }
  return [...slots].sort(([a], [b]) => a - b).map(([slot, latencyMs]) => [slot, Math.round(latencyMs * 100) / 100]);
}

main();
