'use strict';

const v8 = require('node:v8');

const heapwatch = require('../..');
const { Flight } = require('../../lib/requests/flight.js');
const { native } = require('../../lib/native.js');
const { shuffle, random } = require('../lib/statistics.js');

const BATCHES = 200;
const REQUESTS = 10_000;

/** What a request costs besides node:http and the framework, in ns of the process's CPU time: batches of each part, shuffled. */
const watcher = heapwatch.start();
const { tally } = /** @type {any} */ (watcher);
if (!tally) throw new Error(`heapwatch is degraded here: ${heapwatch.support.reason}`);
const { binding } = native();
const flight = new Flight(tally);
let sum = 0;

/** @type {Record<string, () => void>} */
const PARTS = {
  /** For scale. */
  'one call into native code that does nothing': () => { sum += Number(binding?.snapshotProgress(0)); },
  'native part: two counts of allocation, three readings of GC time': () => {
    tally.count();
    sum += tally.cells[0] + tally.cells[1];
    sum += tally.cells[0];
    tally.count();
    sum += tally.cells[0] + tally.cells[1];
  },
  'native part and sums in JavaScript': () => {
    const request = flight.begin();
    sum += request.gcMs;
    sum += flight.end(request).gcMs;
  },
  'two v8.getHeapStatistics(), in place of the counts': () => {
    sum += v8.getHeapStatistics().used_heap_size;
    sum += v8.getHeapStatistics().used_heap_size;
  },
};

/** @type {Record<string, number[]>} */
const batches = Object.fromEntries(Object.keys(PARTS).map((name) => [name, []]));
const next = random(1);
for (let batch = -20; batch < BATCHES; batch += 1) {
  for (const [name, part] of shuffle(Object.entries(PARTS), next)) {
    const start = process.cpuUsage();
    for (let i = 0; i < REQUESTS; i += 1) part();
    const { user, system } = process.cpuUsage(start);
    const ns = ((user + system) * 1000) / REQUESTS;
    if (batch >= 0) batches[name].push(Math.round(ns)); // the JIT has had its say
  }
}
process.send?.({ batches, sum }, () => process.exit());
