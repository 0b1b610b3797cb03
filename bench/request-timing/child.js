'use strict';

const { fork } = require('node:child_process');
const path = require('node:path');

const express = require('express');

const heapwatch = require('../..');
const { Flight } = require('../../lib/requests/flight.js');
const { native } = require('../../lib/native.js');

const REQUESTS = 10_000;

/**
 * Express under load, which in each of its requests times one of the parts, by chance: in a loop of their own their code would never leave the processor's
 * caches, and all would seem several times cheaper.
 */
const watcher = heapwatch.start();
const { tally } = /** @type {any} */ (watcher);
if (!tally) throw new Error(`heapwatch is degraded here: ${heapwatch.support.reason}`);
const { binding } = native();
const flight = new Flight(tally, 0.05);
let sum = 0;

/** @type {Record<string, () => void>} */
const PARTS = {
  clock: () => {},
  call: () => { sum += Number(binding?.snapshotProgress(0)); },
  read: () => { sum += tally.cells[0]; },
  count: () => tally.count(),
  sums: () => { sum += flight.end(flight.begin()).gcMs; },
};
const names = Object.keys(PARTS);

/** @type {Record<string, number[]>} ns, the clock included */
const times = Object.fromEntries(names.map((name) => [name, []]));
const app = express();
app.get('/', (/** @type {unknown} */ _request, /** @type {any} */ response) => {
  const name = names[Math.floor(Math.random() * names.length)];
  const part = PARTS[name];
  const start = process.hrtime.bigint();
  part();
  const end = process.hrtime.bigint();
  times[name].push(Number(end - start));
  response.send('hello world');
});

const server = app.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const load = fork(path.join(__dirname, 'load.js'), [String(port), String(REQUESTS)]);
  load.on('message', (phase) => {
    if (phase === 'warm') for (const name of names) times[name] = [];
    else process.send?.({ times, sum }, () => process.exit());
  });
});
