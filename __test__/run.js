'use strict';

const { spawn } = require('node:child_process');
const { closeSync, openSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

/** Runs of children must not inherit how the tests themselves are run. */
const CLEAN = { HEAPWATCH_DISABLE: '', HEAPWATCH_INTERVAL: '', HEAPWATCH_FAIL_CHECK: '', NODE_OPTIONS: '', NODE_V8_COVERAGE: undefined };

/**
 * @typedef {object} Result
 * @property {number | null} code
 * @property {NodeJS.Signals | null} signal
 * @property {string} stdout
 * @property {string} stderr
 */

/**
 * Runs a program and waits for its end. One that does not end is killed, which no test takes for a success.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @param {{ stdoutFile?: string, stderrFile?: string, cwd?: string, timeoutMs?: number }} [options] files: where the output goes instead
 * @returns {Promise<Result>}
 */
function run(command, args, env = {}, { stdoutFile, stderrFile, cwd = ROOT, timeoutMs = 60_000 } = {}) {
  return new Promise((resolve, reject) => {
    const [out, err] = [stdoutFile, stderrFile].map((file) => (file === undefined ? 'pipe' : openSync(file, 'w')));
    const child = spawn(command, args, { cwd, env: { ...process.env, ...CLEAN, ...env }, timeout: timeoutMs, stdio: ['ignore', out, err] });
    for (const file of [out, err]) if (typeof file === 'number') closeSync(file);
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => { stdout += text; });
    child.stderr?.setEncoding('utf8').on('data', (text) => { stderr += text; });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/**
 * Runs a fixture with the Node that runs the tests.
 *
 * @param {string} name
 * @param {{ node?: string[], args?: string[], env?: NodeJS.ProcessEnv, stdoutFile?: string, stderrFile?: string }} [options] node: options of node itself
 */
function runFixture(name, { node = [], args = [], env, ...files } = {}) {
  return run(process.execPath, [...node, path.join(__dirname, 'fixtures', name), ...args], env, files);
}

/**
 * What a program printed as its last line, in JSON.
 *
 * @param {Result} result
 */
function lastJson({ stdout, stderr, code, signal }) {
  const line = stdout.trim().split('\n').at(-1);
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`no JSON at the end of the output; exit ${code ?? signal}\n--- stdout\n${stdout}\n--- stderr\n${stderr}`);
  }
}

/** Node's permission model got its final name in Node 23.5. */
const PERMISSION = Number.parseInt(process.versions.node, 10) < 24 ? '--experimental-permission' : '--permission';

/** Both ways to run: with the native part, and without. */
const MODES = /** @type {const} */ ([{ source: 'native', node: [] }, { source: 'perf_hooks', node: ['--no-addons'] }]);

module.exports = { ROOT, run, runFixture, lastJson, PERMISSION, MODES };
