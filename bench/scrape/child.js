'use strict';

const { once } = require('node:events');
const { readFileSync, readdirSync } = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const v8 = require('node:v8');
const { Worker } = require('node:worker_threads');

const { PrometheusExporter } = require('@opentelemetry/exporter-prometheus');
const { RuntimeNodeInstrumentation } = require('@opentelemetry/instrumentation-runtime-node');
const { MeterProvider } = require('@opentelemetry/sdk-metrics');
const client = require('prom-client');

const heapwatch = require('../..');
const { allocateShortLived, LongLived } = require('../lib/garbage.js');

/** So many metrics() calls, of which the median and the slowest of a hundred count. */
const CALLS = 500;

/** @type {import('../..').Watcher} */
let watcher;

/** @type {Record<string, (argument: any) => unknown>} What the parent can order; each answers with one message. */
const ORDERS = {
  async open() {
    watcher = heapwatch.start({ metricsListen: ':0' });
    client.collectDefaultMetrics();
    const route = http.createServer(async (_request, response) => {
      response.setHeader('content-type', client.register.contentType).end(await client.register.metrics());
    }).listen(0, '127.0.0.1');
    await once(route, 'listening');
    const openTelemetry = await openExporter();
    const { port } = /** @type {import('node:net').AddressInfo} */ (route.address());
    return { heapwatch: watcher.metricsAddress, 'prom-client': `127.0.0.1:${port}`, 'OpenTelemetry PrometheusExporter': openTelemetry };
  },

  block(/** @type {number} */ ms) {
    process.send?.('blocked'); // written at once, for the loop does not turn any more
    const longLived = new LongLived(200_000);
    const end = performance.now() + ms;
    while (performance.now() < end) {
      allocateShortLived(1e6);
      longLived.grow(1_000);
    }
    return 'free';
  },

  async workers(/** @type {number} */ count) {
    const started = Array.from({ length: count }, () => new Worker(path.join(__dirname, 'worker.js')));
    await Promise.all(started.map((worker) => once(worker, 'message')));
    await sleep(1500); // each has been sampled once
    return { threads: 1 + watcher.report().threads.length, spaces: v8.getHeapSpaceStatistics().length };
  },

  /** What a scrape costs where JavaScript answers it. */
  calls() {
    const registry = new client.Registry();
    heapwatch.instrumentPrometheus(registry);
    return measureCalls(registry);
  },

  /** CPU time of JavaScript's thread so far. */
  cpu: () => Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6,

  state: () => ({ rssBytes: process.memoryUsage.rss(), descriptors: readdirSync('/proc/self/fd').length, threads: readdirSync('/proc/self/task').length }),

  end: () => process.exit(),
};

async function openExporter() {
  const port = await freePort(); // it takes 0 for its default port
  const exporter = new PrometheusExporter({ host: '127.0.0.1', port, preventServerStart: true });
  await exporter.startServer();
  const instrumentation = new RuntimeNodeInstrumentation();
  instrumentation.setMeterProvider(new MeterProvider({ readers: [exporter] }));
  return `127.0.0.1:${port}`;
}

async function freePort() {
  const server = http.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  return port;
}

/** @param {import('prom-client').Registry} registry */
async function measureCalls(registry) {
  /** @type {Record<string, { ms: number[], bytes: number }>} */
  const measured = {};
  /** @type {Record<string, () => string | Promise<string>>} */
  const ways = {
    'metrics()': () => heapwatch.metrics(),
    'instrumentPrometheus()': () => registry.metrics(),
    'prom-client, its own default metrics': () => client.register.metrics(),
  };
  for (const [name, scrape] of Object.entries(ways)) {
    for (let i = 0; i < 50; i++) await scrape();
    const ms = [];
    let bytes = 0;
    for (let i = 0; i < CALLS; i++) {
      const start = performance.now();
      bytes = (await scrape()).length;
      ms.push(performance.now() - start);
    }
    measured[name] = { ms, bytes };
  }
  return measured;
}

process.on('message', async (/** @type {{ order: string, argument: any }} */ { order, argument }) => {
  process.send?.({ answer: await ORDERS[order](argument) });
});
