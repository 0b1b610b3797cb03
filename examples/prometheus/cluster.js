'use strict';

// Three processes of a cluster, to be scraped both ways: each on its own (targets.json is for Prometheus' file_sd_configs), and
// added up by the primary at /metrics.

const cluster = require('node:cluster');
const { renameSync, writeFileSync } = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const heapwatch = require('heapwatch');
const { AggregatorRegistry, register } = require('prom-client');

const PROCESSES = 3;

const TARGETS = process.env.TARGETS ?? path.join(__dirname, 'targets.json');

/** @type {Map<number, string>} worker → where it is scraped */
const targets = new Map();

function primary() {
  const registry = new AggregatorRegistry();
  cluster.on('message', (worker, { metricsAddress }) => {
    if (metricsAddress !== undefined) note(() => targets.set(worker.id, metricsAddress));
  });
  cluster.on('exit', (worker) => note(() => targets.delete(worker.id)));
  const server = http.createServer(async (_request, response) => {
    try {
      response.setHeader('content-type', registry.contentType).end(await registry.clusterMetrics());
    } catch (error) {
      response.writeHead(503).end(`${error.message}\n`); // one of them is blocked: its own listener still answers
    }
  }).listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log(`added up on http://127.0.0.1:${server.address().port}/metrics`));
  for (let i = 0; i < PROCESSES; i += 1) cluster.fork();
}

/** Prometheus may read at any moment: the file is whole, or not yet there. @param {() => void} change */
function note(change) {
  change();
  writeFileSync(`${TARGETS}.part`, JSON.stringify([{ targets: [...targets.values()], labels: { job: 'cluster' } }]));
  renameSync(`${TARGETS}.part`, TARGETS);
}

function worker() {
  const { metricsAddress } = heapwatch.start({ metricsListen: ':0' });
  new AggregatorRegistry();
  heapwatch.instrumentPrometheus(register);
  process.send({ metricsAddress });
  let kept = [];
  setInterval(() => {
    for (let i = 0; i < 1000; i += 1) kept.push({ i, of: process.pid });
    if (kept.length > 500_000) kept = [];
  }, 20);
}

if (cluster.isPrimary) primary();
else worker();
