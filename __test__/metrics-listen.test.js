'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { chmodSync, existsSync, readFileSync, readdirSync, readlinkSync, statSync, writeFileSync } = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { afterEach, describe, test } = require('node:test');

const heapwatch = require('..');
const { ask, startChild, target } = require('./scrape.js');
const { withFolder } = require('./snapshots.js');

/** @type {ReturnType<typeof startChild>[]} */
const started = [];
const child = (options) => {
  started.push(startChild(options));
  return started.at(-1);
};

afterEach(async () => {
  for (let i = 0; i < 5; i += 1) heapwatch.stop();
  await Promise.all(started.splice(0).map((each) => each.kill()));
});

/** Types and names, without values. @param {string} text */
const headers = (text) => text.split('\n').filter((line) => line.startsWith('# '));

const isWindows = process.platform === 'win32';

describe('what is served', () => {
  test('/metrics is what metrics() says, in the format that is asked for', async () => {
    const { metricsAddress } = heapwatch.start({ metricsListen: ':0' });
    assert.match(metricsAddress, /^127\.0\.0\.1:[1-9]\d+$/);
    const plain = await ask(metricsAddress);
    assert.deepEqual([plain.status, plain.headers['content-type']], [200, 'text/plain; version=0.0.4; charset=utf-8']);
    assert.deepEqual(headers(plain.text), headers(heapwatch.metrics()));
    const accept = 'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
    const open = await ask(metricsAddress, '/metrics', { headers: { accept } });
    assert.deepEqual([open.status, open.headers['content-type']], [200, 'application/openmetrics-text; version=1.0.0; charset=utf-8']);
    assert.deepEqual(headers(open.text), headers(heapwatch.metrics({ format: 'openmetrics' })));
  });

  test('every GC that has happened is in it', async () => {
    const watcher = heapwatch.start({ metricsListen: 0 });
    for (let i = 0; i < 7; i += 1) heapwatch.gc();
    const { text } = await ask(watcher.metricsAddress);
    assert.equal(Number(/^heapwatch_gc_pause_seconds_count\{kind="major",thread="0"\} (\d+)$/m.exec(text)[1]), watcher.report().gc.major.count);
  });

  test('names, prefix and labels are those that were told', async () => {
    const { metricsAddress } = heapwatch.start({ metricsListen: { address: ':0', names: 'prom-client', prefix: 'shop_', labels: { zone: 'a' } } });
    const { text } = await ask(metricsAddress);
    assert.match(text, /^shop_nodejs_heap_size_used_bytes\{zone="a"\} \d+$/m);
    assert.doesNotMatch(text, /heapwatch_/);
  });

  test('/health is what healthCheck() says', async () => {
    const { metricsAddress } = heapwatch.start({ metricsListen: ':0' });
    const said = {};
    heapwatch.healthCheck()(null, { setHeader: (name, value) => { said[name] = value; }, end: (text) => { said.text = text; }, set statusCode(code) { said.status = code; } });
    const { status, headers: theirs, text } = await ask(metricsAddress, '/health');
    assert.equal(status, said.status);
    for (const name of ['content-type', 'cache-control']) assert.equal(theirs[name], said[name]);
    assert.deepEqual(Object.keys(JSON.parse(text)), Object.keys(JSON.parse(said.text)));
    assert.equal(JSON.parse(text).status, JSON.parse(said.text).status);
  });

  test('it answers while JavaScript is blocked, with the GCs of that time', async () => {
    const blocked = child();
    const { address } = await blocked.tell('start', { metricsListen: ':0' });
    assert.equal(await blocked.tell('block', 3000), 'blocked');
    const count = async () => Number(/^heapwatch_gc_pause_seconds_count\{kind="minor",thread="0"\} (\d+)$/m.exec((await ask(address)).text)[1]);
    const first = await count();
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
    const second = await count();
    assert.equal((await ask(address, '/health')).status, 200);
    assert.ok(second > first, `${first}, then ${second}: the garbage of a blocked loop is collected, and counted`);
  });

  test('all watched threads of the process are served by one listener', async () => {
    const process = child();
    const { address } = await process.tell('start', { metricsListen: ':0' });
    const first = await process.tell('worker', undefined);
    const second = await process.tell('worker', ':0');
    assert.deepEqual([first.address, second.address], [null, address], 'on equal terms they share it');
    const threads = async () => new Set([...(await ask(address)).text.matchAll(/^heapwatch_heap_used_bytes\{thread="(\d+)"\}/gm)].map(([, id]) => Number(id)));
    assert.deepEqual(await threads(), new Set([0, first.threadId, second.threadId]));
    await process.tell('endWorkers');
    assert.deepEqual(await threads(), new Set([0]), 'a worker that ends takes nothing but itself along');
  });

  test('only GET and HEAD, only these pages, no CORS', async () => {
    const { metricsAddress } = heapwatch.start({ metricsListen: ':0' });
    const head = await ask(metricsAddress, '/metrics', { method: 'HEAD' });
    assert.deepEqual([head.status, head.text], [200, '']);
    assert.ok(Number(head.headers['content-length']) > 5000);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
      const { status, headers: { allow } } = await ask(metricsAddress, '/metrics', { method });
      assert.deepEqual([status, allow], [405, 'GET, HEAD'], method);
    }
    for (const page of ['/', '/favicon.ico', '/metrics/../health']) assert.equal((await ask(metricsAddress, page)).status, 404, page);
    const crossed = await ask(metricsAddress, '/metrics', { headers: { origin: 'http://evil.example' } });
    assert.deepEqual(Object.keys(crossed.headers).filter((name) => name.startsWith('access-control')), []);
  });

  test('a host that is called by an unknown name is not read', async () => {
    const { metricsAddress } = heapwatch.start({ metricsListen: { address: ':0', hosts: ['app.internal'] } });
    const { port } = target(metricsAddress);
    for (const [host, wanted] of [['evil.example', 403], [`evil.example:${port}`, 403], [`localhost:${port}`, 200], [`[::1]:${port}`, 200], [`app.internal:${port}`, 200], ['10.1.2.3', 200]]) {
      assert.equal((await ask(metricsAddress, '/metrics', { headers: { host } })).status, wanted, host);
    }
    assert.equal((await ask(metricsAddress, 'http://evil.example/metrics', { headers: { host: 'localhost' } })).status, 403);
  });
});

describe('where it listens', () => {
  test('loopback by default; other addresses on purpose only', async () => {
    for (const metricsListen of ['0.0.0.0:0', '10.1.2.3:9464', '[::]:0', { address: '0.0.0.0:0' }, { address: '[::]:9464', allowRemote: false }]) {
      const option = typeof metricsListen === 'string' ? 'metricsListen' : 'metricsListen.address';
      assert.throws(() => heapwatch.start({ metricsListen }), { code: 'HEAPWATCH_INVALID_OPTION', option, message: /allowRemote: true/ });
    }
    const { metricsAddress } = heapwatch.start({ metricsListen: { address: '0.0.0.0:0', allowRemote: true } });
    assert.match(metricsAddress, /^0\.0\.0\.0:\d+$/);
    assert.equal((await ask(`127.0.0.1:${target(metricsAddress).port}`)).status, 200);
  });

  test('what is no address is named, and nothing is started', () => {
    for (const wrong of ['', 'localhost', '127.0.0.1', '127.0.0.1:', ':65536', ':-1', -1, 65_536, 1.5, NaN, null, true, 'example.com:80', '::1:80', '[127.0.0.1]:80', '127.0.0.1:80/metrics', 'http://127.0.0.1:80', 'unix:', 'unix:a\0b', `unix:/${'x'.repeat(103)}`, []]) {
      assert.throws(() => heapwatch.start({ metricsListen: wrong }), { code: 'HEAPWATCH_INVALID_OPTION', option: /^metricsListen/ }, String(wrong));
    }
    for (const [field, value] of [['hosts', 'a'], ['hosts', ['a:80']], ['hosts', [1]], ['allowRemote', 1], ['names', 'otel'], ['prefix', '1'], ['labels', { le: 'x' }], ['format', 'openmetrics'], ['port', 1]]) {
      const option = field === 'labels' ? 'metricsListen.labels.le' : `metricsListen.${field}`;
      assert.throws(() => heapwatch.start({ metricsListen: { address: ':0', [field]: value } }), (error) => error.code === 'HEAPWATCH_INVALID_OPTION' && error.option.endsWith(field === 'labels' ? 'labels.le' : field), option);
    }
    assert.throws(() => heapwatch.report(), { code: 'HEAPWATCH_NOT_RUNNING' });
  });

  test('a port that is taken: start() says which, and has done nothing', async () => {
    const other = net.createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address();
    const taken = { name: 'HeapwatchError', code: 'HEAPWATCH_IO', message: new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port} .*it is in use`) };
    assert.throws(() => heapwatch.start({ metricsListen: port }), taken);
    assert.throws(() => heapwatch.report(), { code: 'HEAPWATCH_NOT_RUNNING' });
    const watcher = heapwatch.start({ metricsListen: ':0' });
    const before = watcher.metricsAddress;
    assert.throws(() => heapwatch.start({ metricsListen: `127.0.0.1:${port}` }), taken);
    assert.equal(watcher.metricsAddress, before);
    assert.equal((await ask(before)).status, 200, 'what was there goes on');
    watcher.stop();
    assert.equal(watcher.stopped, true, 'the start that failed counts as none');
    other.close();
  });

  test('a later start() moves it or ends it, one without the option leaves it', async () => {
    const watcher = heapwatch.start({ metricsListen: ':0' });
    const first = watcher.metricsAddress;
    heapwatch.start();
    heapwatch.start({ metricsListen: ':0' });
    assert.equal(watcher.metricsAddress, first);
    heapwatch.start({ metricsListen: { address: `127.0.0.1:${target(first).port}`, prefix: 'moved_' } });
    assert.equal(watcher.metricsAddress, first);
    assert.match((await ask(first)).text, /^moved_heapwatch_/m);
    heapwatch.start({ metricsListen: false });
    assert.equal(watcher.metricsAddress, null);
    await assert.rejects(ask(first), { code: 'ECONNREFUSED' });
  });

  test('the last stop() ends it, and the port is free again', async () => {
    const watcher = heapwatch.start({ metricsListen: ':0' });
    const { metricsAddress } = watcher;
    heapwatch.start();
    watcher.stop();
    assert.equal((await ask(metricsAddress)).status, 200);
    watcher.stop();
    assert.equal(watcher.metricsAddress, null);
    await assert.rejects(ask(metricsAddress), { code: 'ECONNREFUSED' });
    assert.equal(heapwatch.start({ metricsListen: metricsAddress }).metricsAddress, metricsAddress);
  });

  test('it keeps no process alive', async () => {
    const process = child();
    await process.tell('start', { metricsListen: ':0' });
    process.send('letGo');
    assert.deepEqual(await process.ended, [0, null], process.stderr);
  });

  test('without the native part nothing listens, and a warning says so', async () => {
    const process = child({ execArgv: ['--no-addons'] });
    assert.deepEqual(await process.tell('start', { metricsListen: ':0' }), { address: null });
    assert.equal(await process.tell('isRunning'), true);
    await process.kill();
    assert.match(process.stderr, /HEAPWATCH_METRICS_LISTEN.*nothing listens on 127\.0\.0\.1:0/);
  });

  test('where heapwatch is disabled nothing listens, and nothing is said', async () => {
    const process = child({ env: { HEAPWATCH_DISABLE: '1' } });
    assert.deepEqual(await process.tell('start', { metricsListen: ':0' }), { address: null });
    await process.kill();
    assert.equal(process.stderr, '');
  });

  test('a worker may listen alone, and its end ends it', async () => {
    const process = child();
    const { address } = await process.tell('worker', ':0');
    assert.equal((await ask(address)).status, 200);
    await process.tell('endWorkers');
    await assert.rejects(ask(address), { code: 'ECONNREFUSED' });
  });
});

describe('a Unix socket', { skip: isWindows && 'Unix sockets are not served on Windows' }, () => {
  test("is its user's alone, named by the process's id, and gone after stop()", () => withFolder(async (folder) => {
    const umask = process.umask(0);
    try {
      const watcher = heapwatch.start({ metricsListen: `unix:${folder}/app-%p.sock` });
      const socket = path.join(folder, `app-${process.pid}.sock`);
      assert.equal(watcher.metricsAddress, `unix:${socket}`);
      assert.equal(statSync(socket).mode & 0o777, 0o600);
      assert.equal((await ask(watcher.metricsAddress, '/metrics', { headers: { host: 'whatever.example' } })).status, 200);
      watcher.stop();
      assert.deepEqual(readdirSync(folder), []);
    } finally {
      process.umask(umask);
    }
  }));

  test('goes with process.exit(), and with a program that just ends', () => withFolder(async (folder) => {
    for (const order of ['exit', 'letGo']) {
      const process = child();
      await process.tell('start', { metricsListen: `unix:${folder}/app.sock` });
      assert.deepEqual(readdirSync(folder), ['app.sock']);
      process.send(order);
      assert.deepEqual(await process.ended, [0, null], process.stderr);
      assert.deepEqual(readdirSync(folder), [], order);
    }
  }));

  test('left by a process that was killed is replaced; one that is in use, or a file, is not', () => withFolder(async (folder) => {
    const place = `unix:${folder}/app.sock`;
    const dead = child();
    await dead.tell('start', { metricsListen: place });
    await dead.kill();
    assert.ok(existsSync(path.join(folder, 'app.sock')));
    const alive = child();
    assert.deepEqual(await alive.tell('start', { metricsListen: place }), { address: place });
    assert.throws(() => heapwatch.start({ metricsListen: place }), { code: 'HEAPWATCH_IO', message: /in use/ });
    assert.equal((await ask(place)).status, 200);
    writeFileSync(path.join(folder, 'file'), 'precious');
    assert.throws(() => heapwatch.start({ metricsListen: `unix:${folder}/file` }), { code: 'HEAPWATCH_IO', message: /no socket/ });
    assert.equal(readFileSync(path.join(folder, 'file'), 'utf8'), 'precious');
  }));

  test('needs a folder that is there and may be written to', () => withFolder(async (folder) => {
    assert.throws(() => heapwatch.start({ metricsListen: `unix:${folder}/none/app.sock` }), { code: 'HEAPWATCH_IO', message: /No such file/ });
    if (process.getuid() === 0) return; // who may do everything is refused nothing
    chmodSync(folder, 0o500);
    assert.throws(() => heapwatch.start({ metricsListen: `unix:${folder}/app.sock` }), { code: 'HEAPWATCH_IO', message: /Permission denied/ });
  }));

  test('is not open in the forked copy that writes a snapshot', { skip: process.platform !== 'linux' && 'forks are Linux only' }, () => withFolder(async (folder) => {
    const process = child();
    const { address } = await process.tell('start', { metricsListen: ':0' });
    await process.tell('fill', 10);
    const taken = process.tell('snapshot', path.join(folder, 'a.heapsnapshot'));
    const copy = await findCopy(process.pid);
    const open = readdirSync(`/proc/${copy}/fd`).map((fd) => readlinkSync(`/proc/${copy}/fd/${fd}`));
    assert.deepEqual(open.filter((what) => what.startsWith('socket:')), [], open.join(' '));
    assert.equal((await ask(address)).status, 200, 'the application itself answers on');
    assert.equal(await taken, 'fork');
  }));
});

/** The forked copy, once it has given up what it does not need: its name is new then. @param {number} pid */
async function findCopy(pid) {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      try {
        const found = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
          .find((each) => readFileSync(`/proc/${each}/comm`, 'utf8').trim() === 'heapwatch-snap');
        if (found !== undefined) return found;
      } catch {
        // it has just ended
      }
    }
    await new Promise((resolve) => { setTimeout(resolve, 2); });
  }
  throw new Error('no forked copy was seen');
}

describe('heapwatch/register', () => {
  const execArgv = ['--require', path.join(__dirname, '..', 'lib', 'register.js')];

  test('listens where HEAPWATCH_METRICS_LISTEN says, workers served by the main thread', async () => {
    const process = child({ execArgv, env: { HEAPWATCH_METRICS_LISTEN: '0' } });
    const address = await process.tell('address');
    assert.match(address, /^127\.0\.0\.1:\d+$/);
    const { threadId } = await process.tell('worker', undefined);
    assert.match((await ask(address)).text, new RegExp(`^heapwatch_heap_used_bytes\\{thread="${threadId}"\\}`, 'm'));
  });

  test('a mistake in it, or a port that is taken, does not take the program down', async () => {
    const first = child({ execArgv, env: { HEAPWATCH_METRICS_LISTEN: '127.0.0.1:0' } });
    const taken = await first.tell('address');
    for (const [given, told] of [['0.0.0.0:80', /allowRemote/], ['nonsense', /metricsListen is 'nonsense'/], [taken, /it is in use/]]) {
      const process = child({ execArgv, env: { HEAPWATCH_METRICS_LISTEN: given } });
      assert.equal(await process.tell('address'), null);
      assert.equal(await process.tell('isRunning'), true);
      await process.kill();
      assert.match(process.stderr, told);
      assert.match(process.stderr, /\[HEAPWATCH_METRICS_LISTEN\]/);
    }
  });
});
