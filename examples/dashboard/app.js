'use strict';

// An Express app that leaks, and the page that says so: behind the password that operators have.

// First of all, so that what the app allocates while it loads is seen too. A verdict after a minute, for the demonstration;
// the defaults take an hour and are right far more often.
const heapwatch = require('heapwatch');
heapwatch.start({ leak: { minSpanMs: 15_000, assist: { maxPauseMs: 50, everyMs: 1000 } }, thresholds: [{ maxUsedRatio: 0.5 }] });

const { randomUUID, timingSafeEqual } = require('node:crypto');
const express = require('express');

const app = express();

const password = process.env.OPERATOR_PASSWORD || randomUUID();
const wanted = Buffer.from(`Basic ${Buffer.from(`operator:${password}`).toString('base64')}`);

/** Exactly true or false: nothing else is a yes to dashboard(). */
function isOperator(request) {
  const given = Buffer.from(request.headers.authorization ?? '');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function requireOperator(request, response, next) {
  if (isOperator(request)) next();
  else response.set('www-authenticate', 'Basic realm="operators"').status(401).send('operators only');
}

app.use('/debug/heap', requireOperator, heapwatch.dashboard({ authorize: isOperator, trigger: true, download: true, metrics: true }));

// The leak: somebody wanted to see the last sessions while debugging, and nothing ever takes one out again.
class Session {
  constructor(headers) {
    this.headers = headers;
    this.visits = [{ at: Date.now(), pages: ['/'] }];
  }
}
const recentSessions = [];

// Ordinary work, and ordinary garbage.
app.get('/orders/:customer', (request, response) => {
  recentSessions.push(new Session(request.headers));
  const orders = Array.from({ length: 100 }, (_, i) => ({ id: `${request.params.customer}-${i}`, total: (i * 7919) % 1000, lines: [{ sku: `sku-${i}`, count: 1 + (i % 3) }] }));
  response.json({ customer: request.params.customer, orders });
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error;
  const { port } = server.address();
  console.log(`listening on http://127.0.0.1:${port}`);
  console.log(`the page: http://127.0.0.1:${port}/debug/heap, user operator${process.env.OPERATOR_PASSWORD ? '' : `, password ${password}`}`);
});
