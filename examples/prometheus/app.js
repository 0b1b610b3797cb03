'use strict';

// An Express app that leaks, as Prometheus sees it: two pages to scrape, and the difference between them.

// First of all. The listener answers from a thread of its own, whatever the app does; the option's other forms are in docs/metrics.md.
const heapwatch = require('heapwatch');

const watcher = heapwatch.start({
  metricsListen: process.env.METRICS_LISTEN ?? '127.0.0.1:9464',
  // Production wants the default of 15 minutes; to see a verdict within a cup of coffee, try MIN_SPAN_MS=10000.
  leak: { minSpanMs: Number(process.env.MIN_SPAN_MS ?? 900_000), assist: { maxPauseMs: 50, everyMs: Number(process.env.ASSIST_MS ?? 60_000) } },
});

const express = require('express');
const { collectDefaultMetrics, register } = require('prom-client');

const app = express();

// prom-client's default metrics, for the dashboards that are made for them. Those of GC and heap are taken over, with right counts.
collectDefaultMetrics();
heapwatch.instrumentPrometheus(register, { names: 'prom-client', replace: true });

// An answer from the event loop: when that is blocked, this page is, too. The listener is not.
app.get('/metrics', async (_req, res) => res.type(register.contentType).send(await register.metrics()));

// The leak: sessions, and what was looked at in them. Nothing ever ends one.
const sessions = new Map();
app.use('/orders', (req, _res, next) => {
  const id = sessions.size;
  sessions.set(id, { id, headers: req.headers, viewed: Array.from({ length: 50 }, (_, i) => ({ sku: `sku-${id}-${i}`, atMs: Date.now() })) });
  next();
});

// Ordinary work, and ordinary garbage.
app.get('/orders/:customer', (req, res) => {
  const orders = Array.from({ length: 100 }, (_, i) => ({ id: `${req.params.customer}-${i}`, total: (i * 7919) % 1000, lines: [{ sku: `sku-${i}`, count: 1 + (i % 3) }] }));
  res.json({ customer: req.params.customer, orders });
});

// A loop that is blocked: node examples/prometheus/app.js, and ask both pages while this runs.
app.get('/block/:ms', (req, res) => {
  const end = performance.now() + Math.min(Number(req.params.ms) || 0, 30_000);
  while (performance.now() < end);
  res.json({ blocked: true });
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error;
  console.log(`listening on http://127.0.0.1:${server.address().port}, metrics on ${watcher.metricsAddress}`);
});
