'use strict';

// Many pages, and pages that stall or go without a word.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { readdirSync } = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const { after, before, test } = require('node:test');

const { gc, start, stop } = require('..');
const { Streams } = require('../lib/dashboard/streams.js');
const { listen, updates, withDashboard } = require('./dashboard-servers.js');
const { turn, until } = require('./garbage.js');

before(() => { start(); });
after(() => { stop(); });

const descriptors = () => readdirSync('/proc/self/fd').length;
const hasProc = process.platform === 'linux';

/** A client that asks for the stream and then reads nothing. */
async function stalled(port, path = '/stream') {
  const socket = net.connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  return socket;
}

test('200 pages, of which some stall and some vanish, leave no memory, no descriptor and no timer behind', { skip: !hasProc && 'no /proc' }, async (t) => {
  await withDashboard({ maxClients: 200 }, async ({ url, port }) => {
    await updates(`${url}/stream`, 1);
    await turn(200);
    gc();
    const [fdsBefore, rssBefore] = [descriptors(), process.memoryUsage().rss];
    const sockets = [];
    for (let i = 0; i < 200; i += 1) {
      const socket = await stalled(port);
      socket.on('data', () => { if (i % 2 === 0) socket.pause(); });
      sockets.push(socket);
    }
    await until(() => sockets.every((socket) => socket.bytesRead > 0), 'the streams');
    const refused = await fetch(`${url}/stream`);
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    for (const [i, socket] of sockets.entries()) if (i % 4 < 2) socket.resetAndDestroy();
    await turn(2500);
    const [update] = await updates(`${url}/stream`, 1);
    assert.equal(update.pid, process.pid, 'there is room again, and the others are served');
    for (const socket of sockets) socket.destroy();
    await until(() => descriptors() <= fdsBefore, `${descriptors()} descriptors to become ${fdsBefore} again`);
    gc();
    const grownMb = (process.memoryUsage().rss - rssBefore) / 1024 ** 2;
    t.diagnostic(`descriptors ${fdsBefore} → ${descriptors()}, RSS +${grownMb.toFixed(1)} MB`);
    assert.ok(grownMb < 60, `${grownMb} MB`);
  });
});

/** Streams alone, with updates as large as a test needs them. */
async function withStreams(limits, tick, use) {
  const streams = new Streams({ begin() {}, tick }, { maxClients: 200, tickMs: 20, ...limits });
  const { close, port, url } = await listen((_request, response) => streams.open(response));
  try {
    return await use({ streams, port, url });
  } finally {
    streams.close();
    await close();
  }
}

test('whoever does not read is let go once a buffer is full; whoever reads is not', async (t) => {
  const large = 'x'.repeat(256 * 1024);
  let most = 0;
  await withStreams({ maxBufferedBytes: 8 * 1024 * 1024 }, () => large, async ({ streams, port, url }) => {
    const lazy = await Promise.all(Array.from({ length: 3 }, () => stalled(port)));
    for (const socket of lazy) socket.pause();
    const reading = updates(url, 150);
    await until(() => streams.size === 4, 'all to be there');
    await until(() => { most = Math.max(most, process.memoryUsage().rss); return streams.size === 1; }, 'those that stall to be gone');
    t.diagnostic(`RSS at most ${(most / 1024 ** 2).toFixed(0)} MB`);
    assert.equal((await reading).length, 150);
    await until(() => streams.size === 0, 'the reader to be gone');
    assert.equal(streams.isTicking, false);
    for (const socket of lazy) socket.destroy();
  });
});

test('streams that wait behind another one on a connection that dies leave no room taken', async () => {
  await withDashboard({ maxClients: 5 }, async ({ url, port }) => {
    const socket = await stalled(port);
    for (let i = 0; i < 4; i += 1) socket.write('GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    const turnsInto = async (status) => {
      for (let tries = 0; tries < 200; tries += 1) {
        const response = await fetch(`${url}/stream`);
        await response.body?.cancel();
        if (response.status === status) return true;
        await turn(50);
      }
      return false;
    };
    assert.ok(await turnsInto(503), 'all places are taken');
    socket.destroy();
    assert.ok(await turnsInto(200), 'there is room again');
  });
});

test('a stream ends by itself after some time, is cut off where its end is not read, and can be asked for again', async () => {
  await withStreams({ maxAgeMs: 1000, graceMs: 100, maxBufferedBytes: 1e9 }, () => 'x'.repeat(64 * 1024), async ({ streams, port, url }) => {
    const lazy = await stalled(port);
    lazy.pause();
    const response = await fetch(url);
    await response.text(); // it ends
    await until(() => streams.size === 0, 'both to be over');
    assert.equal(streams.isTicking, false);
    assert.equal((await updates(url, 1)).length, 1);
    lazy.destroy();
  });
});

test('an update that cannot be made ends the streams with a warning, not the process', async () => {
  const warned = once(process, 'warning');
  await withStreams({ graceMs: 50 }, () => { throw new Error('made up'); }, async ({ streams, url }) => {
    await (await fetch(url)).text();
    assert.equal(streams.size, 0);
  });
  assert.match((await warned)[0].message, /the dashboard could not be updated: made up/);
});

test('whoever goes while authorize is still asked leaves no stream behind', async () => {
  let reports = 0;
  const watcher = start();
  const counting = new Proxy(watcher, {
    get(target, name) {
      if (name === 'report') reports += 1;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  let answer = (/** @type {boolean} */ _yes) => {};
  const authorize = () => new Promise((resolve) => { answer = resolve; });
  await withDashboard({ watcher: counting, authorize }, async ({ port }) => {
    const unasked = answer;
    const socket = await stalled(port);
    await until(() => answer !== unasked, 'authorize to be asked');
    socket.resetAndDestroy();
    await turn(100);
    reports = 0;
    answer(true);
    await turn(2200);
    assert.equal(reports, 0, 'nobody reads, nothing is made');
  });
  stop();
});

test('close() ends the streams, so that a server can close', async () => {
  await withDashboard({}, async ({ url, handler, port }) => {
    const response = await fetch(`${url}/stream`);
    handler.close();
    await response.text();
    const agent = new http.Agent();
    await new Promise((resolve) => { http.get({ port, path: '/state', agent }, (answer) => { answer.resume(); answer.on('end', resolve); }); });
    agent.destroy();
  });
});
