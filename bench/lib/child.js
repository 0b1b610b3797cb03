'use strict';

const { fork } = require('node:child_process');
const { closeSync, mkdtempSync, openSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');

/**
 * @typedef {object} ChildResult
 * @property {any} message         the last message that the child sent, undefined if none
 * @property {string} stdout
 * @property {string} stderr
 * @property {number | null} code
 * @property {NodeJS.Signals | null} signal
 */

/**
 * Runs a script to its end in a process of its own and collects what it says. The script reports by `process.send`,
 * so that V8's own writing to stdout (--trace-gc) stays apart; that goes to a file, since a pipe would wake this
 * process in the middle of what is measured.
 *
 * @param {string} script
 * @param {{ node: string, flags?: string[], args?: string[], env?: Record<string, string>, timeoutMs?: number }} options
 * @returns {Promise<ChildResult>}
 */
function runChild(script, { node, flags = [], args = [], env = {}, timeoutMs = 120_000 }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'heapwatch-bench-'));
  const stdoutFile = path.join(folder, 'stdout');
  const stdoutFd = openSync(stdoutFile, 'w');
  return new Promise((/** @type {(result: ChildResult) => void} */ resolve, reject) => {
    const child = fork(script, args, {
      execPath: node,
      execArgv: flags,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', stdoutFd, 'pipe', 'ipc'],
    });
    /** @type {any} */
    let message;
    let stderr = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.stderr?.setEncoding('utf8').on('data', (text) => { stderr += text; });
    child.on('message', (value) => { message = value; });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ message, stdout: readFileSync(stdoutFile, 'utf8'), stderr, code, signal });
    });
  }).finally(() => {
    closeSync(stdoutFd);
    rmSync(folder, { recursive: true });
  });
}

/**
 * As runChild, for scripts that must end well and report something.
 *
 * @param {string} script
 * @param {Parameters<typeof runChild>[1]} options
 * @returns {Promise<ChildResult>}
 */
async function runChildToSuccess(script, options) {
  const result = await runChild(script, options);
  if (result.code !== 0 || result.message === undefined) {
    throw new Error(`${script} ended with code ${result.code}, signal ${result.signal}\n${result.stderr}`);
  }
  return result;
}

module.exports = { runChild, runChildToSuccess };
