'use strict';

// examples/restart under the supervisors it is for. HEAPWATCH_PM2 names pm2-runtime's script; where it does not, the test is
// skipped, but not in CI. Likewise systemd-analyze, which must be there in CI.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { existsSync, mkdtempSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const { freePort } = require('./free-port.js');
const { ROOT, run } = require('./run.js');

const EXAMPLE = path.join(ROOT, 'examples', 'restart');

/** pm2 looks at max_memory_restart this often. */
const PM2_POLL_MS = 30_000;

/** @param {string} variable @param {boolean} isThere */
const skipUnless = (variable, isThere) => (isThere || process.env.CI ? false : `there is no ${variable}`);

test('pm2 starts the next one, much sooner than its own limit would', { skip: skipUnless('HEAPWATCH_PM2', process.env.HEAPWATCH_PM2 !== undefined) }, async (t) => {
  assert.ok(process.env.HEAPWATCH_PM2, 'HEAPWATCH_PM2 must name pm2-runtime');
  const home = mkdtempSync(path.join(os.tmpdir(), 'heapwatch-pm2-'));
  const port = await freePort();
  const pm2 = spawn(process.execPath, [process.env.HEAPWATCH_PM2, 'start', path.join(EXAMPLE, 'ecosystem.config.js')], {
    env: { ...process.env, HEAPWATCH_DISABLE: '', NODE_OPTIONS: '', PM2_HOME: home, PORT: String(port), NOTICE_MS: '500', RESTART_RULE: '{ "maxExternalBytes": "40MB" }' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(pm2, 'exit');
  let output = '';
  for (const stream of [pm2.stdout, pm2.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text; });
  /** @param {() => boolean | Promise<boolean>} condition */
  const until = async (condition) => {
    for (const deadline = Date.now() + 50_000; !await condition();) {
      assert.ok(Date.now() < deadline, `waited in vain for ${condition}; pm2 said: ${output}`);
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
  };
  const started = () => output.split('listening on').length - 1;
  try {
    await until(() => started() === 1);
    const url = `http://127.0.0.1:${port}`;
    const working = fetch(`${url}/slow/1500`);
    assert.equal((await (await fetch(`${url}/cache/60`)).json()).entries, 1);
    const crossedMs = performance.now();
    await until(() => started() === 2);
    const tookMs = performance.now() - crossedMs;
    t.diagnostic(`from the crossing to the next one's listening: ${Math.round(tookMs)} ms`);
    assert.equal((await working).status, 200, 'the request that was under way was answered');
    assert.ok(tookMs < PM2_POLL_MS, `${tookMs} ms`);
    assert.equal((await (await fetch(`${url}/cache/1`)).json()).entries, 1, 'the next one begins with an empty cache');
    assert.match(output, /draining: \{"maxExternalBytes":\d+\}/);
  } finally {
    pm2.kill('SIGTERM');
    await ended;
    rmSync(home, { recursive: true, force: true });
  }
});

const ANALYZE = '/usr/bin/systemd-analyze';

test('systemd accepts the unit', { skip: skipUnless('systemd-analyze', existsSync(ANALYZE)) }, async () => {
  const { code, stdout, stderr } = await run(ANALYZE, ['verify', '--man=no', path.join(EXAMPLE, 'heapwatch-app.service')]);
  assert.equal(code, 0, stdout + stderr);
  assert.doesNotMatch(stderr, /Unknown|Failed to parse/);
});
