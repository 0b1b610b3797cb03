'use strict';

// Debian's prometheus and prometheus-alertmanager, on loopback and in a folder of their own.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { accessSync, constants } = require('node:fs');
const path = require('node:path');

const { freePort } = require('./free-port.js');

/** Alertmanager is called so by Debian, and plainly by its own releases. */
const PROGRAMS = { prometheus: ['prometheus'], promtool: ['promtool'], alertmanager: ['prometheus-alertmanager', 'alertmanager'] };

/** @param {string[]} names @returns {string | undefined} */
function find(names) {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const name of names) {
      const file = path.join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // not there
      }
    }
  }
}

/** @type {Record<keyof typeof PROGRAMS, string | undefined>} */
const programs = /** @type {any} */ (Object.fromEntries(Object.entries(PROGRAMS).map(([name, names]) => [name, find(names)])));

const missing = Object.entries(programs).filter(([, file]) => file === undefined).map(([name]) => name);

/** In CI they must be there: the tests run, and fail. */
const skip = missing.length > 0 && !process.env.CI ? `there is no ${missing.join(', ')}` : false;

const wait = (/** @type {number} */ ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/**
 * Starts a program that serves HTTP, and waits until it is ready.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ url: string, cwd: string }} where
 */
async function serve(command, args, { url, cwd }) {
  assert.ok(command, `${missing.join(', ')} must be installed: apt-get install prometheus prometheus-alertmanager`);
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text; });
  const ended = once(child, 'exit');
  const server = {
    url,
    get output() { return output; },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
  await until(`${path.basename(command)} is ready`, async () => {
    assert.equal(child.exitCode, null, output);
    return (await fetch(`${url}/-/ready`).catch(() => null))?.ok;
  }, 30_000);
  return server;
}

/**
 * @template T
 * @param {string} what for whoever reads that it never was
 * @param {() => Promise<T>} look
 * @param {number} withinMs
 * @returns {Promise<NonNullable<T>>}
 */
async function until(what, look, withinMs) {
  for (const deadline = Date.now() + withinMs; ;) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < deadline, `waited ${withinMs / 1000} s in vain: ${what}`);
    await wait(100);
  }
}

/**
 * @param {string} url Prometheus'
 * @param {string} expr
 * @returns {Promise<{ labels: Record<string, string>, value: number }[]>}
 */
async function query(url, expr) {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
  const { status, error, data } = /** @type {any} */ (await response.json());
  assert.equal(status, 'success', `${expr}: ${error}`);
  return data.result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
}

module.exports = { programs, skip, serve, freePort, until, query, wait };
