'use strict';

const assert = require('node:assert/strict');
const { channel } = require('node:diagnostics_channel');
const { afterEach, test } = require('node:test');

const { dashboard, gc, start, stop } = require('..');
const { Events } = require('../lib/dashboard/events.js');
const { ask, listen, updates, withDashboard } = require('./dashboard-servers.js');
const { makeGarbage, turn, until } = require('./garbage.js');

afterEach(() => { for (let i = 0; i < 5; i += 1) stop(); });

/** What stands in the page as data. @param {string} html */
const stateOf = (html) => JSON.parse(/<script type="application\/json" id="data">([^]*?)<\/script>/.exec(html)[1]);

const frameworks = {
  'node:http, with the path as an option': async () => {
    const handler = dashboard({ path: '/debug/heap' });
    return { handler, ...await listen((request, response) => handler(request, response, () => { response.end('the application'); })) };
  },
  'Express 5': async () => {
    const app = require('express')();
    const handler = dashboard();
    app.use('/debug/heap', handler);
    app.use((_request, response) => { response.end('the application'); });
    return { handler, ...await listen(app) };
  },
  'Express 4': async () => {
    const app = require('express4')();
    const handler = dashboard();
    app.use('/debug/heap', handler);
    app.use((_request, response) => { response.end('the application'); });
    return { handler, ...await listen(app) };
  },
  Fastify: async () => {
    const app = require('fastify')();
    await app.register(require('@fastify/middie'));
    const handler = dashboard();
    app.use('/debug/heap', handler);
    app.get('/other', () => 'the application');
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    return { handler, url, close: () => { app.server.closeAllConnections(); return app.close(); } };
  },
  'Koa, without an adapter': async () => {
    const app = new (require('koa'))();
    const handler = dashboard();
    app.use(require('koa-mount')('/debug/heap', (context) => {
      context.respond = false;
      handler(context.req, context.res);
    }));
    app.use((context) => { context.body = 'the application'; });
    return { handler, ...await listen(app.callback()) };
  },
  'Koa, with koa-connect': async () => {
    const app = new (require('koa'))();
    const handler = dashboard();
    app.use(require('koa-mount')('/debug/heap', require('koa-connect')(handler)));
    app.use((context) => { context.body = 'the application'; });
    return { handler, ...await listen(app.callback()) };
  },
};

for (const [name, mount] of Object.entries(frameworks)) {
  test(`the page, its state and its stream work under ${name}, with a slash at the end or none`, async () => {
    start();
    const { handler, url, close } = await mount();
    try {
      for (const path of ['/debug/heap', '/debug/heap/', '/debug/heap?from=a-link']) {
        const { status, headers, text } = await ask(url + path);
        assert.equal(status, 200, path);
        assert.match(headers['content-type'], /^text\/html/);
        assert.equal(stateOf(text).pid, process.pid);
      }
      for (const path of ['/debug/heap/state', '/debug/heap/state/']) assert.equal((await ask(url + path)).body.pid, process.pid);
      const [update] = await updates(`${url}/debug/heap/stream`, 1);
      assert.equal(update.pid, process.pid);
      assert.equal((await ask(`${url}/debug/heap/unknown`)).status, 404);
      assert.equal((await ask(`${url}/other`)).text, 'the application');
      assert.equal((await ask(`${url}/debug/heapers`)).text.includes('application/json'), false, 'a longer name is another one');
    } finally {
      handler.close();
      await close();
    }
  });
}

test('the page without a running watcher says so, and goes on once there is one', async () => {
  await withDashboard({}, async ({ url, ask: asked }) => {
    assert.equal(stateOf((await asked('/')).text).watching, false);
    const stream = updates(`${url}/stream`, 2);
    await turn(1100);
    start();
    const [before, after] = await stream;
    assert.deepEqual([before.watching, after.watching], [false, true]);
  });
});

test('the page takes the watcher that it is given', async () => {
  const watcher = start();
  watcher.stop();
  await withDashboard({ watcher }, async ({ ask: asked }) => {
    assert.equal(stateOf((await asked('/')).text).watching, true, 'its last report');
  });
});

test('updates come once a second with what is new, and are made only while somebody reads them', async () => {
  const watcher = start();
  let reports = 0;
  const counting = new Proxy(watcher, {
    get(target, name) {
      if (name === 'report') reports += 1;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  await withDashboard({ watcher: counting }, async ({ url }) => {
    reports = 0;
    await turn(1200);
    assert.equal(reports, 0, 'nobody reads');
    const streams = Promise.all(Array.from({ length: 5 }, () => updates(`${url}/stream`, 3)));
    for (let i = 0; i < 5; i += 1) {
      makeGarbage(2);
      await turn(300);
    }
    const [first, ...others] = await streams;
    assert.ok(reports <= 4, `${reports} reports for 5 clients and 3 updates`);
    for (const other of others) assert.deepEqual(other.map(({ nowMs }) => nowMs), first.map(({ nowMs }) => nowMs), 'one and the same for all');
    const rows = first.flatMap((update) => update.rows);
    assert.ok(rows.length > 0 && rows.every(([timeMs, pauseMs, kind]) => timeMs > 0 && pauseMs > 0 && kind >= 0 && kind < 4));
    assert.equal(new Set(rows.map(([timeMs]) => timeMs)).size, rows.length, 'no GC twice');
    await turn(300);
    const before = reports;
    await turn(1500);
    assert.equal(reports, before, 'all have gone');
  });
});

test('a page is told at once of the GCs between its making and its stream', async () => {
  start();
  await withDashboard({}, async ({ url, ask: asked }) => {
    const { nowMs } = (await asked('/state')).body;
    gc();
    const [greeting] = await updates(`${url}/stream?since=${Math.floor(nowMs)}`, 1);
    assert.ok(greeting.rows.some(([timeMs, , kind]) => timeMs > nowMs && kind === 1), 'the major GC');
    for (const since of ['', 'x', '-1', '9'.repeat(400)]) assert.equal((await updates(`${url}/stream?since=${since}`, 1))[0].pid, process.pid);
  });
});

test('no timer runs and the process ends by itself, stream or none', async () => {
  const { run, lastJson } = require('./run.js');
  const result = await run(process.execPath, ['-e', `
    const http = require('node:http');
    const heapwatch = require('heapwatch');
    heapwatch.start();
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const handler = heapwatch.dashboard();
    const server = http.createServer(handler).listen(0, '127.0.0.1', () => {
      http.get({ port: server.address().port, path: '/stream' }, (response) => response.once('data', () => {
        const during = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
        response.socket.unref();
        server.unref();
        console.log(JSON.stringify({ before, during }));
        setTimeout(() => { handler.close(); server.closeAllConnections(); }, 100);
      }));
    });
  `]);
  assert.equal(result.code, 0, result.stderr);
  const { before, during } = lastJson(result);
  assert.equal(during, before, 'the timer of updates keeps no process alive');
});

test('the page has less than 150 KB in all, whatever the process has been through', async (t) => {
  const watcher = start();
  const noise = (i) => 1e9 + ((i * 7_919_777) % 123_456_789);
  const endMs = Date.now();
  const tiers = [[1000, 600], [10_000, 720], [300_000, 2016]].map(([intervalMs, count]) => ({
    intervalMs,
    points: Array.from({ length: count }, (_, i) => ({
      timeMs: endMs - (count - i) * intervalMs, rss: noise(i), heapTotal: 0, heapUsed: noise(i + 1), youngUsed: noise(i + 4), oldSpaceUsed: noise(i + 5), largeSpacesUsed: noise(i + 6), external: noise(i + 2), heapAfterLastMajorGc: noise(i + 3),
      gcMs: noise(i), maxPauseMs: noise(i), allocatedBytes: noise(i), promotedBytes: 0, gcCount: 1, majorCount: 1,
    })),
  }));
  const pauses = Array.from({ length: 5000 }, (_, i) => ({ kind: 'major', timeMs: endMs - 5000 + i, pauseMs: i, heapUsedAfter: noise(i), freedBytes: 0, heapUsedBefore: 0, forced: false, nested: false }));
  const busy = new Proxy(watcher, {
    get(target, name) {
      if (name === 'timeline') return () => ({ tiers });
      if (name === 'pauses') return () => pauses;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  await withDashboard({ watcher: busy, authorize: () => true, trigger: true, download: true }, async ({ ask: asked }) => {
    for (let i = 0; i < 100; i += 1) channel('heapwatch:threshold').publish({ timeMs: endMs, rule: { action: ['log', 'snapshot'] }, values: { maxRssBytes: 1e9, maxHeapUsedBytes: 1e9, maxGcTimeRatio: 0.5 } });
    const { text, headers } = await asked('/');
    t.diagnostic(`${headers['content-length']} bytes`);
    assert.equal(Number(headers['content-length']), Buffer.byteLength(text));
    assert.ok(Number(headers['content-length']) < 150_000, headers['content-length']);
    const { ranges } = stateOf(text);
    assert.deepEqual(ranges.map(({ intervalMs }) => intervalMs), [1000, 30_000, 2_700_000]);
  });
});

test('metrics are served where they are switched on', async () => {
  start();
  await withDashboard({ metrics: true }, async ({ ask: asked }) => {
    const { status, headers, text } = await asked('/metrics');
    assert.equal(status, 200);
    assert.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
    assert.match(text, /^heapwatch_/m);
  });
  await withDashboard({}, async ({ ask: asked }) => assert.equal((await asked('/metrics')).status, 404));
});

test('verdicts are events of the time when they changed, each once', () => {
  const events = new Events();
  const leak = { timeMs: 1000, verdict: 'leak' };
  const clean = { timeMs: 3000, verdict: 'clean' };
  const growth = (changes, place, reason) => /** @type {any} */ ({ changes, verdict: changes.at(-1)?.verdict ?? 'inconclusive', place, reason });
  events.add('gc', 'collected', 2000);
  events.see(growth([], null, 'too early'));
  events.see(growth([leak], 'heap', 'it grew'));
  events.see(growth([leak], 'heap', 'it still grew'));
  events.see(growth([leak, { timeMs: 2500, verdict: 'inconclusive' }, clean], null, 'nothing grew'));
  events.close();
  const told = events.all().map(({ timeMs, text }) => [timeMs, text]);
  for (let i = 0; i < 40; i += 1) events.add('gc', `later ${i}`, 4000 + i);
  assert.deepEqual([events.all().length, events.all()[0].text], [30, 'later 10'], 'the oldest go');
  assert.deepEqual(told, [[1000, 'leak (heap): it grew'], [2000, 'collected'], [2500, 'inconclusive'], [3000, 'clean: nothing grew']]);
});

test('a crossed threshold is an event', async () => {
  const watcher = start({ thresholds: [{ maxRssBytes: 1024 }] });
  await withDashboard({ watcher }, async ({ ask: asked }) => {
    let isCrossed = false;
    watcher.once('threshold', () => { isCrossed = true; });
    await until(() => isCrossed, 'the crossing');
    const { events } = (await asked('/state')).body;
    assert.match(events.find(({ kind }) => kind === 'threshold').text, /^RSS [\d.]+ [KMG]B: over the limit$/);
  });
});

test('dashboard() does not take the leak and the snapshot away from the application', () => {
  const watcher = start();
  const handler = dashboard({ watcher });
  assert.equal(watcher.listenerCount('leak') + watcher.listenerCount('snapshot') + watcher.listenerCount('gc'), 0);
  handler.close();
});

test('dashboard() checks its options', () => {
  const refused = (options, option) => assert.throws(() => dashboard(options), { code: 'HEAPWATCH_INVALID_OPTION', option });
  for (const options of [null, 1, []]) refused(options, 'options');
  for (const path of ['debug', '/debug/', '/', '/a?b', '/a b', 1]) refused({ path }, 'path');
  for (const watcher of [null, {}, 'it']) refused({ watcher }, 'watcher');
  for (const hosts of ['a.example', ['a.example:80'], ['http://a'], [''], [1]]) refused({ hosts }, 'hosts');
  for (const name of ['metrics', 'trigger', 'download', 'redact']) refused({ authorize: () => true, [name]: 'yes' }, name);
  for (const name of ['authorize', 'audit']) refused({ [name]: true }, name);
  refused({ maxClients: 0 }, 'maxClients');
  refused({ maxFiles: 0 }, 'maxFiles');
  refused({ maxBytes: '1 XB' }, 'maxBytes');
  refused({ cooldownMs: -1 }, 'cooldownMs');
  refused({ timeoutMs: 0 }, 'timeoutMs');
  refused({ page: true }, 'page');
  for (const name of ['trigger', 'download']) refused({ [name]: true }, 'authorize');
});
