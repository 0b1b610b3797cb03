'use strict';

const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');

const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances, writeResult } = require('../lib/results.js');
const { scrape, scrapeFor, stall } = require('./client.js');
const { judge, scrapeTables } = require('./summary.js');

/**
 * @typedef {{ rssBytes: number, descriptors: number, threads: number }} State
 *
 * @typedef {object} ScrapeResult
 * @property {ReturnType<typeof circumstances>} circumstances
 * @property {number} attempts  how many it took, see measureUndisturbed
 * @property {number} blockedMs
 * @property {Record<string, { freeMs: number[], blockedMs: number[] }>} scrapes  by exporter: with a free loop, and while it was blocked
 * @property {number[]} controlMs  meanwhile, of a process that has nothing else to do: what the machine itself takes
 * @property {{ threads: number, spaces: number }} size
 * @property {Record<string, { ms: number[], bytes: number }>} calls  on JavaScript's thread
 * @property {{ scrapes: number, bytes: number, cpuMs: number, idleCpuMs: number }} listener  CPU of JavaScript's thread while others scrape, and in as much time without
 * @property {{ scrapes: number, stalled: number, before: State, during: State, after: State, ms: number }} crowd
 */

const BLOCKED_MS = 5_000;
const WORKERS = 8;
const ATTEMPTS = 3;

async function main() {
  const { values } = parseArgs({ options: { node: { type: 'string', multiple: true }, quick: { type: 'boolean', default: false } } });
  for (const node of nodeBinaries(values.node)) {
    const result = { circumstances: circumstances(node), ...await measureUndisturbed(node.path, values.quick ? 1_000 : 10_000) };
    console.log(`\n${scrapeTables([result])}`);
    const complaints = judge(result);
    if (complaints.length > 0) {
      console.error(complaints.join('\n'));
      process.exitCode = 1;
    }
    if (!values.quick) writeResult(__dirname, node.major, result);
  }
}

/**
 * Of the milliseconds that are measured here, others on the machine may take ten at once: worth another attempt.
 *
 * @param {string} node
 * @param {number} crowd
 * @returns {Promise<Omit<ScrapeResult, 'circumstances'>>}
 */
async function measureUndisturbed(node, crowd) {
  for (let attempts = 1; ; attempts++) {
    const measured = { attempts, ...await measure(node, crowd) };
    const complaints = judge(measured);
    if (complaints.length === 0 || attempts === ATTEMPTS) return measured;
    console.log(`attempt ${attempts}: ${complaints.join('; ')}`);
  }
}

/**
 * @param {string} node
 * @param {number} crowd  scrapes
 * @returns {Promise<Omit<ScrapeResult, 'circumstances' | 'attempts'>>}
 */
async function measure(node, crowd) {
  const child = fork(path.join(__dirname, 'child.js'), { execPath: node, env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.once('exit', (code) => { if (code !== 0) throw new Error(`child.js ended with ${code}`); }); // nobody may wait for it
  /** @param {string} order @param {unknown} [argument] */
  const send = (order, argument) => child.send(/** @type {any} */ ({ order, argument }));
  /** @param {string} order @param {unknown} [argument] @returns {Promise<any>} */
  const tell = async (order, argument) => {
    send(order, argument);
    return (await once(child, 'message'))[0].answer;
  };
  const control = await startControl(node);
  try {
    /** @type {Record<string, string>} */
    const addresses = await tell('open');
    const free = await scrapeAll(addresses);
    const blocked = once(child, 'message');
    send('block', BLOCKED_MS);
    await blocked;
    const isFree = once(child, 'message');
    const { controlMs, ...whileBlocked } = await scrapeBlocked(addresses, control.address);
    await isFree;
    const scrapes = Object.fromEntries(Object.keys(addresses).map((name) => [name, { freeMs: free[name], blockedMs: whileBlocked[name] }]));
    const before = await tell('state');
    const crowded = await overrun(addresses.heapwatch, crowd, before, () => tell('state'));
    const size = await tell('workers', WORKERS);
    const calls = await tell('calls');
    const listener = await costOnLoop(addresses.heapwatch, () => tell('cpu'));
    return { blockedMs: BLOCKED_MS, scrapes, controlMs, size, calls, listener, crowd: crowded };
  } finally {
    send('end');
    await once(child, 'exit');
    await control.end();
  }
}

/** A server with nothing to do, in a process of its own. @param {string} node */
async function startControl(node) {
  const server = fork(path.join(__dirname, 'control.js'), { execPath: node, env: { ...process.env, NODE_OPTIONS: '' } });
  const [address] = await once(server, 'message');
  return {
    address: String(address),
    async end() {
      server.disconnect();
      await once(server, 'exit');
    },
  };
}

/**
 * Each exporter with a free loop.
 *
 * @param {Record<string, string>} addresses
 */
async function scrapeAll(addresses) {
  /** @type {Record<string, number[]>} */
  const taken = {};
  for (const [name, address] of Object.entries(addresses)) {
    await scrapeFor(address, 500, 5);
    taken[name] = await scrapeFor(address, 2_000, 5);
  }
  return taken;
}

/**
 * All of them while it is blocked: ours again and again, in turn with the control's, the others once, for they answer when it is free.
 *
 * @param {Record<string, string>} addresses
 * @param {string} control
 * @returns {Promise<Record<string, number[]>>}
 */
async function scrapeBlocked({ heapwatch, ...others }, control) {
  const waiting = Object.entries(others).map(async ([name, address]) => [name, [(await scrape(address)).ms]]);
  /** @type {number[]} */
  const controlMs = [];
  const ours = await scrapeFor(heapwatch, BLOCKED_MS - 200, 5, async () => { controlMs.push((await scrape(control)).ms); });
  return { controlMs, heapwatch: ours, ...Object.fromEntries(await Promise.all(waiting)) };
}

/**
 * Many scrapes, twenty at a time, among clients that stall.
 *
 * @param {string} address
 * @param {number} scrapes
 * @param {State} before
 * @param {() => Promise<State>} state
 * @returns {Promise<ScrapeResult['crowd']>}
 */
async function overrun(address, scrapes, before, state) {
  const start = performance.now();
  const stalled = [];
  for (let done = 0; done < scrapes; done += 20) {
    if (stalled.length < done / 40) stalled.push(await stall(address));
    await Promise.all(Array.from({ length: 20 }, () => scrape(address)));
  }
  const ms = performance.now() - start;
  const during = await state();
  for (const socket of stalled) socket.destroy();
  await sleep(500);
  return { scrapes, stalled: stalled.length, before, during, after: await state(), ms };
}

/**
 * What the listener's scrapes cost the thread that runs JavaScript: its CPU time with them, and in as much time without.
 *
 * @param {string} address
 * @param {() => Promise<number>} cpu
 * @returns {Promise<ScrapeResult['listener']>}
 */
async function costOnLoop(address, cpu) {
  const { bytes } = await scrape(address);
  const first = await cpu();
  const start = performance.now();
  const { length: scrapes } = await scrapeFor(address, 3_000, 5);
  const second = await cpu();
  await sleep(performance.now() - start);
  const third = await cpu();
  return { scrapes, bytes, cpuMs: second - first, idleCpuMs: third - second };
}

main();
