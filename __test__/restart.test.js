'use strict';

// examples/restart: on a rule it stops accepting, lets requests finish, and exits for its supervisor.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const { test } = require('node:test');

const APP = path.join(__dirname, '..', 'examples', 'restart', 'app.js');

/** @param {NodeJS.ProcessEnv} env */
async function startApp(env) {
  const child = spawn(process.execPath, [APP], {
    env: { ...process.env, HEAPWATCH_DISABLE: '', PORT: '0', RESTART_RULE: '{ "maxExternalBytes": "40MB" }', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const app = { child, stderr: '', exit: once(child, 'exit'), port: 0, url: '' };
  child.stderr.setEncoding('utf8').on('data', (text) => { app.stderr += text; });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  app.url = /http:\S+/.exec(line)[0];
  app.port = Number(new URL(app.url).port);
  return app;
}

/** A request on a connection of its own, or on the agent's. */
function get(url, agent = new http.Agent()) {
  return new Promise((resolve, reject) => {
    http.get(url, { agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => { body += text; }).on('end', () => resolve({ status: response.statusCode, body: JSON.parse(body) }));
    }).on('error', reject);
  });
}

/** @param {number} port */
async function refuses(port) {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return false;
  } catch (error) {
    return error.code === 'ECONNREFUSED';
  } finally {
    socket.destroy();
  }
}

/** @param {() => unknown} condition */
async function until(condition) {
  for (const deadline = Date.now() + 20_000; !await condition();) {
    assert.ok(Date.now() < deadline, `waited in vain for ${condition}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}

test('on a rule it fails its probe, refuses new connections, finishes what it began, and exits as chosen', async (t) => {
  const app = await startApp({ NOTICE_MS: '1500', DEADLINE_MS: '20000', RESTART_EXIT_CODE: '75' });
  assert.deepEqual((await get(`${app.url}/health`)).body.status, 'ok');

  const working = get(`${app.url}/slow/4000`);
  await get(`${app.url}/cache/60`);
  const crossedMs = performance.now();
  await until(() => app.stderr.includes('draining'));
  t.diagnostic(`from the crossing to the drain: ${Math.round(performance.now() - crossedMs)} ms`);
  assert.match(app.stderr, /^draining: \{"maxExternalBytes":\d+\}; heapwatch \(\w+\) pid /m);

  assert.deepEqual(await get(`${app.url}/health`), { status: 503, body: { status: 'draining' } });
  assert.equal((await get(`${app.url}/slow/1`)).status, 200, 'it still serves while the probe is told');

  await until(() => refuses(app.port));
  assert.equal(app.child.exitCode, null, 'it has not exited: a request is under way');
  assert.deepEqual(await working, { status: 200, body: { done: true } });
  assert.deepEqual(await app.exit, [75, null], app.stderr);
  assert.match(app.stderr, /^drained$/m);
});

test('a connection that is kept alive does not delay the exit', async () => {
  const app = await startApp({ NOTICE_MS: '0' });
  const agent = new http.Agent({ keepAlive: true });
  const working = get(`${app.url}/slow/1000`, agent);
  await get(`${app.url}/cache/60`);
  const { status } = await working;
  const answeredMs = performance.now();
  assert.equal(status, 200);
  assert.deepEqual(await app.exit, [0, null], app.stderr);
  assert.ok(performance.now() - answeredMs < 3000, 'well before the 5 s of keep-alive');
  agent.destroy();
});

test('what hangs is left behind at the deadline', async () => {
  const app = await startApp({ NOTICE_MS: '0', DEADLINE_MS: '1000', RESTART_EXIT_CODE: '75' });
  const hanging = assert.rejects(get(`${app.url}/slow/60000`));
  await get(`${app.url}/cache/60`);
  assert.deepEqual(await app.exit, [75, null], app.stderr);
  assert.match(app.stderr, /^not drained in time$/m);
  await hanging;
});

test('SIGTERM drains as well, and exits with 0', { skip: process.platform === 'win32' }, async () => {
  const app = await startApp({ NOTICE_MS: '0', RESTART_EXIT_CODE: '75' });
  const working = get(`${app.url}/slow/500`);
  await get(`${app.url}/slow/1`);
  app.child.kill('SIGTERM');
  assert.equal((await working).status, 200);
  assert.deepEqual(await app.exit, [0, null], app.stderr);
});
