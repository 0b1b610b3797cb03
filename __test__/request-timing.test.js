'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const { afterEach, beforeEach, describe, test } = require('node:test');

const heapwatch = require('heapwatch');

const { makeGarbage, until } = require('./garbage.js');
const { lastJson, runFixture } = require('./run.js');

/** @type {http.Server[]} */
const servers = [];

/** @param {http.RequestListener | http.Server} app @returns {Promise<string>} */
async function serve(app) {
  const server = app instanceof http.Server ? app : http.createServer(app);
  servers.push(server.listen(0, '127.0.0.1'));
  if (!server.listening) await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

/** @param {Response} response @returns {number} */
const gcOf = (response) => Number(/(?:^|, )gc;dur=([\d.]+)/.exec(response.headers.get('server-timing'))?.[1]);

/** @param {string} url @param {RequestInit} [options] */
async function get(url, options) {
  const response = await fetch(url, options);
  return { response, body: await response.text(), gcMs: gcOf(response) };
}

const closeAll = () => Promise.all(servers.splice(0).map((server) => new Promise((resolve) => {
  server.close(resolve);
  server.closeAllConnections();
})));

/** Handlers of the same kind for all frameworks. */
const work = {
  quiet: () => 'quiet',
  /** Forces GCs, and says how long they took by the watcher's own ledger. @param {import('heapwatch').Watcher} watcher */
  collecting: (watcher) => {
    const pausedMs = () => watcher.pauses().filter(({ nested }) => !nested).reduce((sum, { pauseMs }) => sum + pauseMs, 0);
    const before = pausedMs();
    heapwatch.gc();
    makeGarbage(20);
    heapwatch.gc();
    return String(pausedMs() - before);
  },
};

/**
 * @param {{ gcMs: number, body: string }} answer
 * @param {string} what
 */
function assertSame({ gcMs, body }, what) {
  const ledgerMs = Number(body);
  assert.ok(ledgerMs > 1, `${what}: ${ledgerMs} ms of GC by the ledger`);
  // What the framework allocates before and after the handler can start one more minor GC.
  assert.ok(gcMs >= ledgerMs - 0.001 && gcMs < ledgerMs * 1.1 + 10, `${what}: ${gcMs} ms, by the ledger ${ledgerMs} ms`);
}

/** @type {Record<string, (timing: any, watcher: any) => Promise<{ url: string, routes: [string, string] }>>} */
const FRAMEWORKS = {
  async 'Express 5'(timing, watcher) {
    return { url: await serve(expressApp(require('express'), timing, watcher)), routes: ['GET /api/quiet/:id', 'GET /api/collecting'] };
  },
  async 'Express 4'(timing, watcher) {
    return { url: await serve(expressApp(require('express4'), timing, watcher)), routes: ['GET /api/quiet/:id', 'GET /api/collecting'] };
  },
  async 'node:http'(timing, watcher) {
    const url = await serve((request, response) => {
      timing(request, response);
      response.end(request.url.startsWith('/api/quiet') ? work.quiet() : work.collecting(watcher));
    });
    return { url, routes: ['(no route)', '(no route)'] };
  },
  async Fastify(timing, watcher) {
    const app = require('fastify')();
    app.addHook('onRequest', timing);
    app.get('/api/quiet/:id', async () => work.quiet());
    app.get('/api/collecting', (_request, reply) => { reply.send(work.collecting(watcher)); });
    await app.ready();
    return { url: await serve(app.server), routes: ['GET /api/quiet/:id', 'GET /api/collecting'] };
  },
  async Koa(timing, watcher) {
    const Koa = require('koa');
    const { Router } = require('@koa/router');
    const app = new Koa();
    const router = new Router({ prefix: '/api' });
    router.get('/quiet/:id', (context) => { context.body = work.quiet(); });
    router.get('/collecting', async (context) => { context.body = work.collecting(watcher); });
    app.use(timing).use(router.routes());
    return { url: await serve(app.callback()), routes: ['GET /api/quiet/:id', 'GET /api/collecting'] };
  },
};

/** @param {any} express */
function expressApp(express, timing, watcher) {
  const app = express();
  const api = express.Router();
  app.use(timing);
  api.get('/quiet/:id', (_req, res) => res.send(work.quiet()));
  api.get('/collecting', (_req, res) => res.send(work.collecting(watcher)));
  app.use('/api', api);
  return app;
}

for (const [framework, open] of Object.entries(FRAMEWORKS)) {
  describe(`requestTiming() with ${framework}`, () => {
    let watcher;
    beforeEach(() => { watcher = heapwatch.start(); });
    afterEach(async () => {
      await closeAll();
      watcher.stop();
    });

    test("says on the response what the watcher's ledger says, and nothing where nothing was", async () => {
      const timing = heapwatch.requestTiming({ allocationSampling: 1 });
      const { url, routes } = await open(timing, watcher);
      await get(`${url}/api/quiet/1`);
      heapwatch.gc(); // so that none is due
      const before = watcher.report().gc.all.count;
      const quiet = await get(`${url}/api/quiet/2`);
      if (watcher.report().gc.all.count === before) assert.equal(quiet.gcMs, 0);
      const collecting = await get(`${url}/api/collecting`);
      assertSame(collecting, framework);
      const seen = () => timing.routes().reduce((sum, { count }) => sum + count, 0);
      await until(() => seen() === 3, 'three requests');
      const found = new Map(timing.routes().map((route) => [route.route, route]));
      assert.deepEqual([...found.keys()].sort(), [...new Set(routes)].sort());
      const { gc, duration } = found.get(routes[1]);
      assert.ok(gc.totalMs >= collecting.gcMs - 0.001, `${gc.totalMs} ms in all, ${collecting.gcMs} ms until the head`);
      assert.ok(gc.timeRatio > 0 && gc.timeRatio <= 1 && duration.max >= gc.perRequest.max);
    });

    test('counts what no route answered under one name', async () => {
      const timing = heapwatch.requestTiming();
      const { url, routes } = await open(timing, watcher);
      if (routes[0] === '(no route)') return; // there is no route to have
      for (const path of ['/a', '/b', '/wp-login.php']) assert.equal((await get(url + path)).response.status, 404);
      await until(() => timing.routes()[0]?.count === 3, 'three requests');
      assert.deepEqual(timing.routes().map(({ route }) => route), ['(no route)']);
    });
  });
}

describe('requestTiming()', () => {
  let watcher;
  let timing;
  beforeEach(() => {
    watcher = heapwatch.start();
    timing = heapwatch.requestTiming({ allocationSampling: 1 });
  });
  afterEach(async () => {
    await closeAll();
    watcher.stop();
  });

  /** @param {(request: http.IncomingMessage, response: http.ServerResponse) => void} handle */
  const answering = (handle) => serve((request, response) => {
    timing(request, response);
    handle(request, response);
  });

  const over = (count = 1, counted = timing) => until(() => counted.routes().reduce((sum, route) => sum + route.count, 0) === count, `${count} requests`);

  test('keeps the header that others wrote, whichever way they did', async () => {
    /** @type {[string, (response: http.ServerResponse) => void, string][]} */
    const ways = [
      ['set before', (response) => response.setHeader('Server-Timing', 'db;dur=5'), 'db;dur=5, gc;dur='],
      ['two of them', (response) => response.setHeader('server-timing', ['db;dur=5', 'app;dur=6']), 'db;dur=5, app;dur=6, gc;dur='],
      ['with the head', (response) => response.writeHead(200, { 'server-timing': 'db;dur=5' }), 'db;dur=5, gc;dur='],
      ['with the head and a reason', (response) => response.writeHead(200, 'Fine', { 'server-timing': 'db;dur=5' }), 'db;dur=5, gc;dur='],
      ['as a list', (response) => response.writeHead(200, ['Server-Timing', 'db;dur=5', 'X-A', '1', 'X-A', '2']), 'db;dur=5, gc;dur='],
      ['as pairs', (response) => response.writeHead(200, [['Server-Timing', 'db;dur=5']]), 'db;dur=5, gc;dur='],
      ['replaced by the head', (response) => response.setHeader('Server-Timing', 'old').writeHead(200, { 'Server-Timing': 'db;dur=5' }), 'db;dur=5, gc;dur='],
      ['beside the head', (response) => response.setHeader('Server-Timing', 'db;dur=5').writeHead(200, { 'X-A': '1' }), 'db;dur=5, gc;dur='],
      ['none', (response) => response.writeHead(204), 'gc;dur='],
      ['a list without it', (response) => response.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']), 'gc;dur='],
      ['flushed', (response) => response.flushHeaders(), 'gc;dur='],
    ];
    for (const [way, write, expected] of ways) {
      timing = heapwatch.requestTiming();
      const { response } = await get(await answering((_request, answer) => { write(answer); answer.end(); }));
      assert.match(response.headers.get('server-timing'), new RegExp(`^${expected}[\\d.]+$`), way);
      if (way.startsWith('a list')) assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
      if (way === 'as a list') assert.equal(response.headers.get('x-a'), '1, 2');
      if (way.endsWith('reason')) assert.equal(response.statusText, 'Fine');
    }
  });

  test('writes no header where none is wanted, and none where the head has gone', async () => {
    timing = heapwatch.requestTiming({ header: false });
    const silent = await get(await answering((_request, response) => response.end('x')));
    assert.equal(silent.response.headers.get('server-timing'), null);
    await over();
    timing = heapwatch.requestTiming();
    const late = await get(await serve((request, response) => {
      response.write('head first');
      timing(request, response);
      response.end();
    }));
    assert.equal(late.response.headers.get('server-timing'), null);
    await over();
  });

  for (const client of ['prom-client', '@prometheus-io/client']) {
    test(`gives ${client} its figures by route, and no route of its own making`, async () => {
      const registry = new (require(client).Registry)();
      heapwatch.instrumentPrometheus(registry, { prefix: 'shop_', requests: timing });
      const url = await serve(expressApp(require('express'), timing, watcher));
      const ledgerMs = Number((await get(`${url}/api/collecting`)).body);
      await get(`${url}/api/quiet/1`);
      await get(`${url}/api/quiet/2`);
      await over(3);
      const text = await registry.metrics();
      const value = (/** @type {string} */ sample) => Number(text.split('\n').find((line) => line.startsWith(`shop_heapwatch_${sample} `))?.split(' ').at(-1));
      const quiet = timing.routes().find(({ route }) => route === 'GET /api/quiet/:id');
      assert.equal(value('request_duration_seconds_count{route="GET /api/collecting",stopped="true"}'), 1);
      assert.equal(value('request_duration_seconds_bucket{le="+Inf",route="GET /api/quiet/:id",stopped="false"}'), quiet.durationWithoutGc.count);
      assert.equal(value('request_duration_seconds_bucket{le="10",route="GET /api/collecting",stopped="true"}'), 1);
      assert.equal(value('request_duration_seconds_bucket{le="0.001",route="GET /api/collecting",stopped="true"}'), 0);
      assert.ok(value('request_gc_seconds_total{route="GET /api/collecting"}') >= ledgerMs / 1000 - 1e-6);
      assert.equal(value('request_allocation_samples_total{route="GET /api/quiet/:id"}'), 2);
      assert.ok(value('request_allocation_sampled_bytes_total{route="GET /api/quiet/:id"}') > 0);
      assert.equal(value('request_aborted_total{route="GET /api/quiet/:id"}'), 0);
      assert.doesNotMatch(text, /quiet\/1/);
      assert.throws(() => heapwatch.instrumentPrometheus(registry, /** @type {any} */ ({ requests: () => {} })), { code: 'HEAPWATCH_INVALID_OPTION', option: 'requests' });
    });
  }

  test('metrics() has them as a registry has, in both formats, with hostile names escaped', async () => {
    const registry = new (require('prom-client').Registry)();
    heapwatch.instrumentPrometheus(registry, { prefix: 'shop_', requests: timing });
    const url = await serve(expressApp(require('express'), timing, watcher));
    await get(`${url}/api/collecting`);
    await get(`${url}/api/quiet/1`);
    await get(`${url}/api/none`);
    await over(3);
    const samples = (/** @type {string} */ text) => text.split('\n').filter((line) => line.startsWith('shop_heapwatch_request_')).map((line) => line.replace(/\{(.*)\}/, (_, labels) => `{${labels.split(',').sort().join()}}`)).sort();
    const text = watcher.metrics({ prefix: 'shop_', requests: timing });
    assert.ok(samples(text).length > 50);
    assert.deepEqual(samples(text), samples(await registry.metrics()));
    assert.ok(text.includes(watcher.metrics({ prefix: 'shop_' }).split('\n')[0]), 'the rest is there, too');

    const open = watcher.metrics({ format: 'openmetrics', labels: { pod: 'a' }, requests: timing });
    assert.match(open, /# TYPE heapwatch_request_gc_seconds counter\n# UNIT heapwatch_request_gc_seconds seconds\nheapwatch_request_gc_seconds_total\{route="[^"]+",pod="a"\} /);
    assert.match(open, /heapwatch_request_duration_seconds_bucket\{le="1\.0",route=/);
    assert.equal(open.split('# EOF').length, 2);
    assert.match(open, /\n# EOF\n$/);

    const named = heapwatch.requestTiming({ route: () => 'a "b" \\ \n c' });
    await get(await serve((request, response) => { named(request, response); response.end(); }));
    await over(1, named);
    assert.match(watcher.metrics({ requests: named }), /heapwatch_request_aborted_total\{route="a \\"b\\" \\\\ \\n c"\} 0\n/);
    assert.throws(() => watcher.metrics({ requests: /** @type {any} */ (() => {}) }), { code: 'HEAPWATCH_INVALID_OPTION', option: 'requests' });
    assert.throws(() => watcher.metrics({ requests: timing, labels: { route: 'x' } }), { code: 'HEAPWATCH_INVALID_OPTION', option: 'labels.route' });
  });

  test('leaves the error of a second head to node:http', async () => {
    let code;
    await get(await answering((_request, response) => {
      response.writeHead(200);
      try {
        response.writeHead(500);
      } catch (error) {
        code = error.code;
      }
      response.end();
    }));
    assert.equal(code, 'ERR_HTTP_HEADERS_SENT');
  });

  test('counts what comes after the head of a stream too, but cannot say it there', async () => {
    const url = await answering(async (_request, response) => {
      response.write('first');
      await new Promise((resolve) => { setTimeout(resolve, 30); });
      heapwatch.gc();
      response.end('last');
    });
    const { gcMs, body } = await get(url);
    await over();
    const [{ gc, duration, aborted }] = timing.routes();
    assert.equal(body, 'firstlast');
    assert.ok(gc.totalMs > gcMs, `${gcMs} ms at the head, ${gc.totalMs} ms in all`);
    assert.ok(duration.max >= 29, `${duration.max} ms`);
    assert.equal(aborted, 0);
  });

  test('counts a client that goes away, once', async () => {
    const url = await answering((_request, response) => { response.write('never ends'); });
    const controller = new AbortController();
    const response = await fetch(url, { signal: controller.signal });
    assert.equal(response.status, 200);
    assert.equal(timing.routes().length, 0, 'it is not over yet');
    controller.abort();
    await over();
    assert.equal(timing.routes()[0].aborted, 1);
  });

  test('counts each request of a connection that is kept', async () => {
    const url = await answering((_request, response) => response.end('x'));
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 5; i += 1) {
      const [response] = await once(http.get(url, { agent }), 'response');
      assert.match(response.headers['server-timing'], /^gc;dur=/);
      await once(response.resume(), 'end');
    }
    agent.destroy();
    await over(5);
  });

  test('names a route that fails as one that does not', async () => {
    const express = require('express');
    const app = express();
    app.use(timing);
    app.get('/fails/:how', () => { throw new Error('on purpose'); });
    app.use((_error, _req, res, _next) => res.status(500).send('failed'));
    const { response } = await get(`${await serve(app)}/fails/badly`);
    assert.equal(response.status, 500);
    await over();
    assert.equal(timing.routes()[0].route, 'GET /fails/:how');
  });

  test('keeps what stands in the way of a router out of the name', async () => {
    const express = require('express');
    const app = express();
    app.use(timing);
    const orders = express.Router({ mergeParams: true });
    orders.get('/orders', (_req, res) => res.send('x'));
    app.use('/users/:user', orders);
    app.use('/files', (_req, res) => res.send('x'));
    const url = await serve(app);
    for (const path of ['/users/7/orders', '/users/ada/orders', '/users/0b5f6b3e-7c1d-4f6e-9f38-0c6a1df0a001/orders', '/files/a.txt', '/files/b.txt']) await get(url + path);
    await over(5);
    assert.deepEqual(timing.routes({ sortBy: 'count' }).map(({ route, count }) => [route, count]), [['GET /users/:user/orders', 3], ['GET /files/*', 2]]);
  });

  test('has no more routes than it may, whatever is asked for', async () => {
    timing = heapwatch.requestTiming({ maxRoutes: 3, route: ({ url }) => url });
    const url = await answering((_request, response) => response.end('x'));
    for (let i = 0; i < 20; i += 1) await get(`${url}/${i}`);
    await over(20);
    assert.deepEqual(timing.routes({ sortBy: 'count' }).map(({ route, count }) => [route, count]), [['other', 17], ['/0', 1], ['/1', 1], ['/2', 1]]);
  });

  test('counts once where it is mounted twice', async () => {
    const { response } = await get(await answering((request, answer) => {
      timing(request, answer);
      answer.end('x');
    }));
    assert.match(response.headers.get('server-timing'), /^gc;dur=[\d.]+$/);
    await over(1);
  });

  test('says what a request allocates that was alone', async () => {
    const kept = [];
    const url = await answering((request, response) => {
      for (let i = 0; i < Number(request.url.slice(1)); i += 1) kept.push(new Array(1000).fill(i)); // 8 KB each
      kept.length = 0;
      response.end('x');
    });
    for (let i = 0; i < 10; i += 1) await get(`${url}/0`);
    await over(10);
    const [{ allocation: idle }] = timing.routes();
    timing.reset();
    for (let i = 0; i < 20; i += 1) await get(`${url}/1000`);
    await over(20);
    const [{ allocation }] = timing.routes();
    const bytes = allocation.bytesPerRequest - idle.bytesPerRequest;
    assert.ok(bytes > 7.5e6 && bytes < 9e6, `${bytes} bytes of 8 MB, ${idle.bytesPerRequest} without`);
    assert.deepEqual(allocation.alone, { counted: 20, bytesPerRequest: allocation.bytesPerRequest });
  });

  test('shares what is allocated among those that are on their way', async () => {
    let begun = 0;
    /** @type {() => void} */
    let release;
    const all = new Promise((resolve) => { release = resolve; });
    const kept = [];
    const url = await answering(async (_request, response) => {
      begun += 1;
      if (begun < 4) await all;
      else {
        for (let i = 0; i < 1000; i += 1) kept.push(new Array(1000).fill(i));
        release();
      }
      response.end('x');
    });
    await Promise.all(Array.from({ length: 4 }, () => get(url)));
    await over(4);
    const [{ allocation }] = timing.routes();
    assert.equal(kept.length, 1000);
    assert.ok(allocation.totalBytes > 7.5e6 && allocation.totalBytes < 12e6, `${allocation.totalBytes} bytes in all`);
    assert.deepEqual(allocation.alone, { counted: 0, bytesPerRequest: null });
  });

  test('counts allocation at the share of requests that is wanted, and time at all', async () => {
    const url = await answering((_request, response) => {
      new Array(100_000).fill(0);
      response.end('x');
    });
    for (const [allocationSampling, least, most] of [[0, 0, 0], [0.25, 1, 60], [1, 100, 100]]) {
      timing = heapwatch.requestTiming({ allocationSampling });
      for (let i = 0; i < 100; i += 1) await get(url);
      await over(100);
      const [{ count, allocation }] = timing.routes();
      assert.equal(count, 100);
      const counted = allocation?.counted ?? 0;
      assert.ok(counted >= least && counted <= most, `${counted} of 100 at ${allocationSampling}`);
      // Of a few requests, what is shared with the next one's beginning can be missing.
      if (allocation) assert.ok(allocation.bytesPerRequest > (allocationSampling === 1 ? 7e5 : 4e5) && allocation.bytesPerRequest < 15e5, `${allocation.bytesPerRequest}`);
      if (allocation) assert.equal(allocation.totalBytes, 100 * allocation.bytesPerRequest);
    }
  });

  test('sorts, and is a table as text', async () => {
    timing = heapwatch.requestTiming({ allocationSampling: 1, route: ({ url }) => `GET ${url}` });
    const url = await answering((request, response) => {
      if (request.url === '/collects') heapwatch.gc();
      if (request.url === '/allocates') new Array(300_000).fill(0);
      response.end('x');
    });
    for (const path of ['/collects', '/allocates', '/idle', '/idle']) await get(url + path);
    await over(4);
    const first = (sortBy) => timing.routes({ sortBy })[0].route;
    assert.deepEqual([first('gcRatio'), first('bytesPerRequest'), first('count')], ['GET /collects', 'GET /allocates', 'GET /idle']);
    const text = String(timing.routes());
    assert.match(text, /^route +requests +p50 +p99 +p99 no GC +with GC +GC +GC share +per request\nGET \/collects/);
    for (const line of text.split('\n')) assert.ok(line.length <= 110, line);
    timing.reset();
    assert.deepEqual([...timing.routes()], []);
    assert.match(String(timing.routes()), /No request/);
  });

  test('passes requests while no watcher runs, and counts from start() on', async () => {
    watcher.stop();
    const url = await answering((_request, response) => response.end('x'));
    assert.equal((await get(url)).response.headers.get('server-timing'), null);
    assert.equal(timing.routes().length, 0);
    watcher = heapwatch.start();
    assert.match((await get(url)).response.headers.get('server-timing'), /^gc;dur=/);
    await over();
  });

  test('forgets a request whose watcher went meanwhile', async () => {
    let release;
    const url = await answering((_request, response) => { release = () => response.end('x'); });
    const answer = get(url);
    await until(() => release !== undefined, 'the request');
    watcher.stop();
    watcher = heapwatch.start();
    release();
    await answer;
    assert.equal(timing.routes().length, 0);
  });

  test('a failing route() costs its name alone', async () => {
    timing = heapwatch.requestTiming({ route: () => { throw new Error('no name'); } });
    const warned = once(process, 'warning');
    await get(await answering((_request, response) => response.end('x')));
    assert.equal((await warned)[0].code, 'HEAPWATCH_ROUTE_FAILED');
    await over();
    assert.equal(timing.routes()[0].route, '(no route)');
  });

  test('what came down one connection and was never answered is not on its way for ever', async () => {
    const url = await answering((request, response) => { if (request.url === '/answered') response.end('x'); });
    const socket = require('node:net').connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    await new Promise((resolve) => { setTimeout(resolve, 50); });
    socket.destroy();
    await over(2);
    await get(`${url}/answered`);
    await over(3);
    assert.equal(timing.routes()[0].allocation.alone.counted, 1);
  });

  test('names what it cannot use', () => {
    for (const [option, value] of [['header', 'yes'], ['allocationSampling', 1.1], ['allocationSampling', '1'], ['maxRoutes', 0], ['maxRoutes', 1.5], ['route', '/x'], ['colour', 'red']]) {
      assert.throws(() => heapwatch.requestTiming({ [option]: value }), { code: 'HEAPWATCH_INVALID_OPTION', option });
    }
    assert.throws(() => timing.routes({ sortBy: 'name' }), { code: 'HEAPWATCH_INVALID_OPTION', option: 'sortBy' });
  });
});

test('requests pass without the native part, and with heapwatch switched off', async () => {
  for (const options of [{ node: ['--no-addons'] }, { env: { HEAPWATCH_DISABLE: '1' } }]) {
    assert.deepEqual(lastJson(await runFixture('request-timing-degraded.js', options)), { body: 'x', header: null, routes: 0 });
  }
});

test('a worker that is ended in the middle of its requests takes nothing along', async () => {
  const { ended, answered } = lastJson(await runFixture('request-timing-workers.js'));
  assert.equal(ended, 20);
  assert.ok(answered > 0);
});
