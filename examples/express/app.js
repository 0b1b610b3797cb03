'use strict';

// An Express app with the leak everyone has written, and heapwatch watching it happen.

// First of all, so that what the app allocates while it loads is seen too.
const heapwatch = require('heapwatch');

const watcher = heapwatch.start();

const { randomUUID, timingSafeEqual } = require('node:crypto');
const express = require('express');

const app = express();

// How much of each request's time goes to GC. In the header for whoever develops this, not for its users.
const timing = heapwatch.requestTiming({ header: process.env.NODE_ENV !== 'production' });
app.use(timing);

// Heap figures tell a stranger when an attack on memory is working, so these routes ask for a token even on
// loopback. In production put them behind the authentication that your operators already use, or do not mount them.
const token = process.env.OPERATOR_TOKEN || randomUUID();
const authorization = Buffer.from(`Bearer ${token}`);

const operators = express.Router();
operators.use((req, res, next) => {
  const given = Buffer.from(req.get('authorization') ?? '');
  const allowed = given.length === authorization.length && timingSafeEqual(given, authorization);
  if (allowed) next();
  else res.status(401).json({ error: 'operators only: send Authorization: Bearer <OPERATOR_TOKEN>' });
});
operators.get('/', (_req, res) => res.json(watcher.report()));
operators.get('/routes', (_req, res) => res.type('text').send(String(timing.routes())));
operators.get('/timeline', (_req, res) => res.json(watcher.timeline()));
operators.get('/pauses', (_req, res) => res.json(watcher.pauses()));
app.use('/internal/heapwatch', operators);

// The leak: somebody wanted to see the last requests while debugging, and nothing ever takes one out again.
const recentRequests = [];
app.use((req, _res, next) => {
  recentRequests.push(req.headers);
  next();
});

// Ordinary work, and ordinary garbage.
app.get('/orders/:customer', (req, res) => {
  const orders = Array.from({ length: 100 }, (_, i) => ({
    id: `${req.params.customer}-${i}`,
    placed: new Date(1_700_000_000_000 + i * 86_400_000).toISOString(),
    total: (i * 7919) % 1000,
    lines: [{ sku: `sku-${i}`, count: 1 + (i % 3) }],
  }));
  res.json({ customer: req.params.customer, orders });
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error;
  const { port } = server.address();
  console.log(`listening on http://127.0.0.1:${port}`);
  if (!process.env.OPERATOR_TOKEN) {
    console.log(`report: curl -H 'Authorization: Bearer ${token}' http://127.0.0.1:${port}/internal/heapwatch`);
  }
});
