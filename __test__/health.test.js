'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const { afterEach, test } = require('node:test');

const express = require('express');

const { healthCheck, start, stop } = require('..');
const { MODES, lastJson, runFixture } = require('./run.js');

afterEach(() => { for (let i = 0; i < 5; i += 1) stop(); });

/** V8 may end a spiral by itself, or a busy machine spoil it: so there are three. */
async function spiral(node) {
  for (let tries = 1; ; tries += 1) {
    const result = await runFixture('death-spiral.js', { node: [...node, '--expose-gc', '--max-semi-space-size=2', '--max-old-space-size=100'] });
    if (tries === 3 || /"failing"/.test(result.stdout)) return lastJson(result);
  }
}

for (const { source, node } of MODES) {
  test(`a death spiral is failing, though the loop still turns, and was ok before (${source})`, async (t) => {
    const { first, last, statuses, afterMs, last10s, majors, source: by } = await spiral(node);
    t.diagnostic(`failing after ${(afterMs / 1000).toFixed(1)} s, ${majors} major GCs, ${(last10s * 100).toFixed(0)} % of the time: ${last.body.reason}`);
    assert.equal(by, source);
    assert.deepEqual([first.statusCode, first.body.status], [200, 'ok']);
    assert.deepEqual([last.statusCode, last.body.status], [503, 'failing']);
    assert.match(last.body.reason, /^garbage collection took \d+ % of the last (10 s|minute), and /);
    assert.ok(statuses.includes('strained'), 'it was strained on the way');
  });

  test(`a plain program is ok, and asking is cheap (${source})`, async (t) => {
    const { statuses, reason, gcs, medianUs, p99Us, stopped } = lastJson(await runFixture('health-cost.js', { node }));
    t.diagnostic(`health(): median ${medianUs.toFixed(2)} µs, 99 % within ${p99Us.toFixed(2)} µs (promised: 10)`);
    assert.deepEqual(statuses, ['ok']);
    assert.match(reason, /^garbage collection took \d+ % of the last 10 s$/);
    assert.ok(gcs > 0);
    assert.ok(medianUs < 100, `${medianUs} µs`);
    assert.deepEqual(stopped, { status: 'ok', reason: 'this watcher was stopped: nothing is known any more' });
  });
}

test('where heapwatch is disabled, health() is ok and says why', async () => {
  const { statuses, reason } = lastJson(await runFixture('health-cost.js', { env: { HEAPWATCH_DISABLE: '1' } }));
  assert.deepEqual(statuses, ['ok']);
  assert.match(reason, /HEAPWATCH_DISABLE/);
});

/** Asks a server that handles requests in the given way. */
async function ask(handle, path = '/') {
  const server = http.createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`);
    return { status: response.status, type: response.headers.get('content-type'), cache: response.headers.get('cache-control'), body: await response.json() };
  } finally {
    server.close();
  }
}

const saying = (status) => ({ health: () => ({ status, reason: 'made up' }) });

test('healthCheck() answers 200, and 503 or what was chosen only while failing', async () => {
  for (const [status, wanted] of [['ok', 200], ['strained', 200], ['failing', 503]]) {
    assert.deepEqual(await ask(healthCheck({ watcher: saying(status) })), {
      status: wanted, type: 'application/json; charset=utf-8', cache: 'no-store', body: { status, reason: 'made up' },
    });
  }
  assert.equal((await ask(healthCheck({ watcher: saying('failing'), failingStatus: 500 }))).status, 500);
  assert.equal((await ask(healthCheck({ watcher: saying('strained'), failingStatus: 500 }))).status, 200);
});

test('healthCheck() fits Express', async () => {
  const app = express();
  app.get('/health', healthCheck({ watcher: saying('failing') }));
  const { status, body } = await ask(app, '/health');
  assert.deepEqual([status, body.status], [503, 'failing']);
});

test('healthCheck() asks whichever watcher runs, and is ok without one', async () => {
  const handler = healthCheck();
  const reasons = [];
  for (const prepare of [() => {}, start, stop]) {
    prepare();
    const { status, body } = await ask(handler);
    assert.deepEqual([status, body.status], [200, 'ok']);
    reasons.push(body.reason);
  }
  assert.deepEqual([reasons[0], reasons[2]], ['no watcher is running: nothing is known', 'no watcher is running: nothing is known']);
  assert.match(reasons[1], /^garbage collection took/);
});

test('healthCheck() checks its options', () => {
  const refused = (options, option) => assert.throws(() => healthCheck(options), { code: 'HEAPWATCH_INVALID_OPTION', option });
  for (const options of [null, 1, []]) refused(options, 'options');
  for (const watcher of [null, {}, { health: 1 }, 'it']) refused({ watcher }, 'watcher');
  for (const failingStatus of [200, 399, 600, 503.5, '503', null]) refused({ failingStatus }, 'failingStatus');
  refused({ status: 500 }, 'status');
});
