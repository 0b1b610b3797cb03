'use strict';

// The example app as a real server: a child process on a free loopback port, read over HTTP like any operator would.

const { fork } = require('node:child_process');
const { randomUUID } = require('node:crypto');
const { once } = require('node:events');
const path = require('node:path');
const { createInterface } = require('node:readline');

const APP = path.join(__dirname, '..', 'examples', 'express', 'app.js');
const EXIT_WITH_PARENT = path.join(__dirname, 'exit-with-parent.js');

/** A heap as small as a container's, so that its share of the limit can be seen to move. */
const MAX_OLD_SPACE_MB = 256;

/** A cold start takes well under a second; two busy cores and a cold disk are given this much. */
const START_TIMEOUT_MS = 10_000;
const READ_TIMEOUT_MS = 5000;
/** SIGTERM ends a Node server at once; one that does not go by then is killed. */
const STOP_TIMEOUT_MS = 2000;

/**
 * @typedef {object} Server
 * @property {string} url
 * @property {number} pid
 * @property {Promise<never>} died rejects when the server ends before stop()
 * @property {() => Promise<import('../lib/terminal/report.js').Watched>} read
 * @property {() => Promise<void>} stop resolves when the process is gone
 */

/**
 * @param {{ app?: string, timeoutMs?: number }} [options]
 * @returns {Promise<Server>}
 */
async function startServer({ app = APP, timeoutMs = START_TIMEOUT_MS } = {}) {
  const token = randomUUID();
  const child = fork(app, {
    execArgv: [`--max-old-space-size=${MAX_OLD_SPACE_MB}`, '--require', EXIT_WITH_PARENT],
    env: { ...process.env, PORT: '0', OPERATOR_TOKEN: token },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });

  const exited = once(child, 'exit');
  /** @type {Promise<never>} */
  const died = exited.then(([code, signal]) => {
    throw new Error(`the server ended by itself (${signal ?? `exit code ${code}`}): its output above says why`);
  });
  died.catch(() => {}); // expected after stop(); before it, whoever waits for `died` hears of it

  const stop = async () => {
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    child.kill('SIGTERM');
    await exited.finally(() => clearTimeout(kill));
  };

  try {
    const url = await Promise.race([listening(child), died, failAfter(timeoutMs, 'the server did not start')]);
    const read = async () => {
      const [report, timeline, pauses] = await Promise.all(
        ['', '/timeline', '/pauses'].map((route) => getJson(`${url}/internal/heapwatch${route}`, token)),
      );
      return { report, timeline, pauses };
    };
    return { url, pid: /** @type {number} */ (child.pid), died, read, stop };
  } catch (error) {
    if (child.pid !== undefined) await stop();
    throw error;
  }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<string>} the address that the app says it listens on
 */
function listening(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    const stdout = /** @type {import('node:stream').Readable} */ (child.stdout);
    createInterface({ input: stdout }).on('line', (line) => {
      const match = /^listening on (http:\S+)$/.exec(line);
      if (match) resolve(match[1]);
    });
  });
}

/**
 * @param {string} url
 * @param {string} token
 * @returns {Promise<any>}
 */
async function getJson(url, token) {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(READ_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`the server answered ${response.status} to ${url}`);
  return response.json();
}

/**
 * @param {number} ms
 * @param {string} what
 * @returns {Promise<never>}
 */
function failAfter(ms, what) {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`${what} within ${ms / 1000} s`)), ms).unref();
  });
}

module.exports = { startServer };
