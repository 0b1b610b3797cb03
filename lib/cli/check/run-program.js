'use strict';

const { spawn } = require('node:child_process');
const { mkdtempSync, readFileSync, readdirSync, rmSync } = require('node:fs');
const { constants, tmpdir } = require('node:os');
const path = require('node:path');

const { messageOf } = require('../../errors.js');
const { UsageError } = require('../usage-error.js');

/** @typedef {import('./witness').Testimony} Testimony */

/**
 * @typedef {object} Run
 * @property {number} exitCode the program's; 128 + the signal's number when one ended it
 * @property {NodeJS.Signals | null} signal
 * @property {boolean} wasStopped it was ended by us, after --for
 * @property {Testimony[]} testimonies of each Node process and thread, in order of their start
 */

const REGISTER = path.join(__dirname, '..', '..', 'register.js');
const WITNESS = path.join(__dirname, 'witness.js');

/** A program that --for has asked to end has this long; then it is killed. */
const GRACE_MS = 10_000;

/** @type {NodeJS.Signals[]} */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs the command to its end with a witness in each of its Node processes.
 *
 * @param {import('./options').CheckOptions} options
 * @returns {Promise<Run>}
 */
async function runProgram({ command, leak, rules, forMs, json }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'heapwatch-check-'));
  try {
    const assignment = JSON.stringify({ folder, leak, rules });
    const env = {
      ...process.env,
      NODE_OPTIONS: [process.env.NODE_OPTIONS, `--require ${quoted(REGISTER)}`, `--require ${quoted(WITNESS)}`].filter(Boolean).join(' '),
      HEAPWATCH_CHECK: assignment,
      HEAPWATCH_DISABLE: '', // whoever calls for a check wants one
    };
    const end = await supervise(command, env, { forMs, stdout: json ? process.stderr : process.stdout });
    return { ...end, testimonies: readTestimonies(folder) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} env
 * @param {{ forMs: number | null, stdout: NodeJS.WriteStream }} options
 * @returns {Promise<Omit<Run, 'testimonies'>>}
 */
function supervise([file, ...args], env, { forMs, stdout }) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, stdio: ['inherit', stdout, 'inherit'] });
    let wasStopped = false;
    /** @type {NodeJS.Timeout[]} */
    const timers = [];
    if (forMs !== null) {
      timers.push(setTimeout(() => {
        wasStopped = true;
        child.kill('SIGTERM');
        timers.push(setTimeout(() => child.kill('SIGKILL'), GRACE_MS));
      }, forMs));
    }
    const forward = (/** @type {NodeJS.Signals} */ signal) => {
      // A terminal sends Ctrl-C to the program too: twice would mean "at once" to many of them.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    for (const signal of FORWARDED) process.on(signal, forward);
    const settle = () => {
      for (const timer of timers) clearTimeout(timer);
      for (const signal of FORWARDED) process.off(signal, forward);
    };
    child.on('error', (error) => {
      settle();
      reject(new UsageError(`${JSON.stringify(file)} cannot be run: ${messageOf(error)}`));
    });
    child.on('exit', (code, signal) => {
      settle();
      resolve({ exitCode: code ?? 128 + (constants.signals[/** @type {NodeJS.Signals} */ (signal)] ?? 0), signal, wasStopped });
    });
  });
}

/**
 * @param {string} folder
 * @returns {Testimony[]}
 */
function readTestimonies(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => /** @type {Testimony} */ (JSON.parse(readFileSync(path.join(folder, name), 'utf8'))))
    .sort((a, b) => b.uptimeMs - a.uptimeMs || a.threadId - b.threadId);
}

/** As NODE_OPTIONS wants a path that may have spaces. @param {string} text */
const quoted = (text) => `"${text.replace(/[\\"]/g, '\\$&')}"`;

module.exports = { runProgram };
