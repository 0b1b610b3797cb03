'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { describe, test } = require('node:test');
const { startServer } = require('../demo/server.js');

const DEMO = path.join(__dirname, '..', 'demo', 'index.js');
/** Whether the addon was built: not whether heapwatch chose to use it, which is what is to be seen here. */
const BUILT = isBuilt();
/** What the demo promises. */
const MAX_MS = 30_000;

/**
 * Runs the demo to its end.
 *
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 */
async function runDemo(args, env = {}) {
  const child = spawn(process.execPath, [DEMO, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of Object.keys(output)) child[name].setEncoding('utf8').on('data', (text) => (output[name] += text));
  const startedMs = performance.now();
  const [code] = await once(child, 'close');
  return { ...output, code, tookMs: performance.now() - startedMs };
}

const numberIn = (text, pattern) => Number(pattern.exec(text)?.[1].replaceAll(',', ''));
const serverPid = (stderr) => numberIn(stderr, /listens on http:\S+, process (\d+)/);

function assertEnded(pid) {
  assert.ok(pid > 0);
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, `server ${pid} still runs`);
}

describe('the demo', () => {
  test('with --json prints the report of a server that had thousands of requests and at least five major GCs, and ends it', async () => {
    const { stdout, stderr, code, tookMs } = await runDemo(['--json']);
    assert.equal(code, 0, stderr);
    const report = JSON.parse(stdout);
    assert.equal(report.schemaVersion, 1);
    assert.equal(report.source, BUILT ? 'native' : 'perf_hooks');
    assert.ok(report.gc.major.count >= 5, `${report.gc.major.count} majors`);
    assert.equal(report.gc.major.pause.count, report.gc.major.count);
    assert.ok(report.gc.minor.count > 0);
    assert.ok(report.gc.all.totalMs > 0 && report.gc.timeRatio.lifetime > 0);
    assert.ok(report.rss > report.heapUsed && report.heapUsed > 0);
    assert.ok(numberIn(stderr, /([\d,]+) requests answered, 0 failed/) > 2000, stderr);
    assert.equal(serverPid(stderr), report.pid, 'the report is the server\'s, not the demo\'s');
    assertEnded(report.pid);
    assert.ok(tookMs < MAX_MS, `${tookMs} ms`);
  });

  test('prints every section for a person, without colour into a pipe', async () => {
    const { stdout, stderr, code } = await runDemo(['--seconds', '3']);
    assert.equal(code, 0, stderr);
    const sections = ['Memory', 'Limits', 'Heap used over time', 'Garbage collection', 'GC share and traffic', 'Heap after each major GC'];
    for (const title of sections) assert.match(stdout, new RegExp(`^${title}$`, 'm'));
    for (const name of ['rss', 'heapTotal', 'heapUsed', 'external', 'arrayBuffers']) {
      assert.match(stdout, new RegExp(`^  ${name} +[\\d.,]+ [KMG]?B  `, 'm'));
    }
    for (const kind of ['minor', 'major', 'incremental', 'weak', 'all']) assert.match(stdout, new RegExp(`^  ${kind} +\\d`, 'm'));
    if (BUILT) {
      assert.match(stdout, /from V8's hooks/);
      assert.ok(stdout.match(/^ +\+[\d.]+ s +[\d.]+ MB {2}█.* freed [\d.]+ MB in [\d.]+ ms$/gm)?.length >= 5, stdout);
      assert.match(stdout.replace(/\s+/g, ' '), /The heap after major GCs rose from [\d.]+ MB to [\d.]+ MB over \d+ of them in [\d.]+ s/);
    }
    assert.ok(!stdout.includes('\u001b') && !stderr.includes('\u001b'));
    for (const line of stdout.split('\n').slice(2)) assert.ok([...line].length <= 80, line);
    assertEnded(serverPid(stderr));
  });

  test('fails with a reason, and ends its server, where nothing is recorded', async () => {
    const { stdout, stderr, code } = await runDemo(['--seconds', '1'], { HEAPWATCH_DISABLE: '1' });
    assert.equal(code, 1);
    assert.match(stderr, /^demo: .*(HEAPWATCH_DISABLE|fewer than)/m);
    assert.equal(stdout, '');
    assertEnded(serverPid(stderr));
  });

  for (const args of [['--seconds', '0'], ['--seconds', '1e9'], ['--nonsense'], ['word']]) {
    test(`refuses ${args.join(' ')}`, async () => {
      const { stderr, code } = await runDemo(args);
      assert.equal(code, 2);
      assert.match(stderr, /usage:/);
    });
  }

  test('takes its server along when it is interrupted or killed', { skip: process.platform === 'win32' }, async () => {
    for (const signal of ['SIGINT', 'SIGKILL']) {
      const child = spawn(process.execPath, [DEMO], { stdio: ['ignore', 'ignore', 'pipe'] });
      let stderr = '';
      child.stderr.setEncoding('utf8');
      for await (const text of child.stderr.iterator({ destroyOnReturn: false })) {
        stderr += text;
        if (stderr.includes('load for')) break;
      }
      child.stderr.resume();
      child.kill(signal);
      const [code] = await once(child, 'exit');
      if (signal === 'SIGINT') assert.equal(code, 1);
      await gone(serverPid(stderr));
    }
  });
});

describe('the server of the demo', () => {
  const fixture = (name) => path.join(__dirname, 'fixtures', name);

  test('that dies before it listens is an error with its exit code', async () => {
    await assert.rejects(startServer({ app: fixture('does-not-start.js') }), /ended by itself \(exit code 7\)/);
  });

  test('that never listens is an error too, and is killed although it ignores SIGTERM', async () => {
    await assert.rejects(startServer({ app: fixture('never-listens.js'), timeoutMs: 500 }), /did not start within 0\.5 s/);
  });

  test('shows its report to those with the token alone', async () => {
    const server = await startServer();
    try {
      for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
        for (const route of ['', '/timeline', '/pauses']) {
          const response = await fetch(`${server.url}/internal/heapwatch${route}`, { headers });
          assert.equal(response.status, 401);
        }
      }
      const { report, timeline, pauses } = await server.read();
      assert.equal(report.pid, server.pid);
      assert.ok(Array.isArray(timeline.tiers) && Array.isArray(pauses));
    } finally {
      await server.stop();
    }
    assertEnded(server.pid);
  });
});

function isBuilt() {
  try {
    return typeof require('../native.js').attach === 'function';
  } catch {
    return false;
  }
}

/** Resolves when the process is gone, which after a SIGKILL of its parent takes it a moment. */
async function gone(pid) {
  assert.ok(pid > 0);
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`server ${pid} still runs`);
}
