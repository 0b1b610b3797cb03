'use strict';

// Clients that come in crowds, stall, read slowly or vanish: nobody else waits for them, and nothing of them stays.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { readFileSync, readdirSync, readlinkSync } = require('node:fs');
const net = require('node:net');
const { afterEach, beforeEach, describe, test } = require('node:test');

const { ask, startChild, target } = require('./scrape.js');

/** As many connections the listener keeps at once. */
const PLACES = 64;

const MB = 1024 * 1024;

describe('clients', { skip: process.platform !== 'linux' && '/proc says what a process has open' }, () => {
  let child;
  let address;
  beforeEach(async () => {
    child = startChild();
    ({ address } = await child.tell('start', { metricsListen: ':0' }));
    await ask(address);
  });
  afterEach(() => child.kill());

  const sockets = () => readdirSync(`/proc/${child.pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${child.pid}/fd/${fd}`).startsWith('socket:');
    } catch {
      return false; // closed meanwhile
    }
  }).length;
  const rssBytes = () => Number(readFileSync(`/proc/${child.pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  const threads = () => readdirSync(`/proc/${child.pid}/task`).length;

  /** @param {() => boolean} condition */
  const until = async (condition) => {
    for (const deadline = Date.now() + 20_000; !condition();) {
      assert.ok(Date.now() < deadline, `waited in vain for ${condition}`);
      await new Promise((resolve) => { setTimeout(resolve, 10); });
    }
  };

  /** Writes something and leaves it at that. @param {string} text */
  const connect = async (text) => {
    const socket = net.connect(target(address));
    socket.on('error', () => {}); // the listener may end it
    await once(socket, 'connect');
    socket.write(text);
    return socket;
  };

  test('ten thousand scrapes leave no descriptor, no thread and no memory behind', async () => {
    const scrape = async () => assert.equal((await ask(address)).status, 200);
    await Promise.all(Array.from({ length: 200 }, scrape));
    const before = { sockets: sockets(), threads: threads(), rssBytes: rssBytes() };
    for (let round = 0; round < 500; round += 1) await Promise.all(Array.from({ length: 20 }, scrape));
    await until(() => sockets() <= before.sockets);
    assert.equal(threads(), before.threads);
    assert.ok(rssBytes() - before.rssBytes < 16 * MB, `${rssBytes() - before.rssBytes} bytes more`);
  });

  test('clients that stall hold a bounded number of places, and keep nobody out', async () => {
    const before = { sockets: sockets(), rssBytes: rssBytes() };
    const stalled = [];
    for (let i = 0; i < 4 * PLACES; i += 1) stalled.push(await connect(i % 2 ? 'GET /metrics HTTP/1.1\r\nHost: local' : ''));
    assert.equal((await ask(address)).status, 200);
    assert.ok(sockets() - before.sockets <= PLACES + 1, `${sockets() - before.sockets} connections are kept`);
    assert.ok(rssBytes() - before.rssBytes < 16 * MB, `${rssBytes() - before.rssBytes} bytes more`);
    for (const socket of stalled) socket.destroy();
    await until(() => sockets() <= before.sockets);
  });

  test('those that stay away are dropped after a while, without anybody else coming', async () => {
    const before = sockets();
    const [mute, slow] = [await connect(''), await connect('GET /metrics HTTP/1.1\r\n')];
    await Promise.all([mute, slow].map((socket) => once(socket.resume(), 'close')));
    await until(() => sockets() <= before);
  });

  test('a thousand that vanish in the middle leave nothing behind', async () => {
    const before = { sockets: sockets(), rssBytes: rssBytes() };
    for (let i = 0; i < 1000; i += 1) {
      const socket = await connect('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
      if (i % 2) socket.resetAndDestroy();
      else socket.destroy();
    }
    assert.equal((await ask(address)).status, 200);
    await until(() => sockets() <= before.sockets);
    assert.ok(rssBytes() - before.rssBytes < 16 * MB, `${rssBytes() - before.rssBytes} bytes more`);
  });

  test('what is no HTTP, or too much of it, is refused', async () => {
    const before = sockets();
    for (const text of ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`, `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(20_000)}\r\n`, '\0\0\0\r\n\r\n']) {
      const socket = await connect(text);
      let answer = '';
      socket.setEncoding('latin1').on('data', (part) => { answer += part; });
      await once(socket, 'close');
      assert.match(answer, /^(HTTP\/1\.1 (400|414|431) |$)/);
    }
    assert.equal((await ask(address)).status, 200);
    await until(() => sockets() <= before);
  });
});
