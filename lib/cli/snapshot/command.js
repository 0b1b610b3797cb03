'use strict';

const { existsSync, readFileSync } = require('node:fs');
const { connect } = require('node:net');
const { parseArgs } = require('node:util');

const { socketPath } = require('../../control.js');
const { messageOf } = require('../../errors.js');
const { snapshotFolder } = require('../../snapshot-options.js');
const { FINDING, GOOD, USAGE: FAILED } = require('../exit-codes.js');
const { whole } = require('../quantities.js');
const { UsageError } = require('../usage-error.js');

/** A free event loop answers within milliseconds. Longer than this, and it hangs. */
const PATIENCE_MS = 10_000;

const USAGE = `usage: heapwatch snapshot [options] <pid>

Asks a running process for a heap snapshot of its main thread, which a forked copy of it writes: it stands still for milliseconds. The process
must have been started with start({ control: true }), by the same user.

  --dir <folder>  where its socket is, if not in its HEAPWATCH_DIR or the default folder
  --json          the result as JSON on stdout

Prints the path; progress goes to stderr. Exit codes: 0 it was taken; 1 it was tried, or refused; 2 wrong usage, or the process cannot be asked.`;

/**
 * `heapwatch snapshot`
 *
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
async function run(args) {
  const { pid, dir, json } = parse(args);
  const socket = candidates(pid, dir).map((folder) => socketPath(folder, pid)).find((path) => existsSync(path));
  if (socket === undefined) {
    process.stderr.write(`heapwatch snapshot: process ${pid} cannot be asked: ${isAlive(pid) ? 'it was not started with start({ control: true }), or has its socket in another folder (--dir)' : 'there is no such process'}.\n`);
    return FAILED;
  }
  try {
    const { done, failure } = await ask(socket, (bytes) => { if (process.stderr.isTTY) process.stderr.write(`\r${(bytes / 1024 / 1024).toFixed(0)} MB`); });
    if (json) process.stdout.write(`${JSON.stringify(done ? { schemaVersion: 1, ...done } : { schemaVersion: 1, failure })}\n`);
    else if (done) process.stdout.write(`${done.path}\n`);
    if (done) process.stderr.write(`${process.stderr.isTTY ? '\r' : ''}${(done.bytes / 1024 / 1024).toFixed(0)} MB in ${(done.totalMs / 1000).toFixed(1)} s; the process stood still for ${done.pauseMs.toFixed(1)} ms\n`);
    else process.stderr.write(`${failure.message}\n`);
    return done ? GOOD : FINDING;
  } catch (error) {
    process.stderr.write(`heapwatch snapshot: process ${pid} does not answer: ${messageOf(error)}\n`);
    return FAILED;
  }
}

/** @param {string[]} args */
function parse(args) {
  try {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { dir: { type: 'string' }, json: { type: 'boolean' } } });
    if (positionals.length !== 1) throw new UsageError('which process? Its id, and nothing else: heapwatch snapshot 4711');
    return { pid: whole(positionals[0], '<pid>'), dir: values.dir, json: values.json ?? false };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(messageOf(error).split('. To specify')[0]);
  }
}

/**
 * Where the socket may be.
 *
 * @param {number} pid
 * @param {string} [dir]
 */
function candidates(pid, dir) {
  if (dir !== undefined) return [dir];
  const theirs = environmentOf(pid).find((entry) => entry.startsWith('HEAPWATCH_DIR='))?.slice('HEAPWATCH_DIR='.length);
  return [...(theirs ? [theirs] : []), snapshotFolder().folder];
}

/** @param {number} pid */
function environmentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return []; // no /proc, or somebody else's process
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {any} */ (error).code === 'EPERM';
  }
}

/**
 * @param {string} socket
 * @param {(bytes: number) => void} progress
 * @returns {Promise<{ done?: import('../../../index').SnapshotResult, failure?: any }>}
 */
function ask(socket, progress) {
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    const timer = setTimeout(() => connection.destroy(new Error('its event loop hangs. A rule with action snapshot captures a loop that hangs')), PATIENCE_MS);
    let text = '';
    connection.setEncoding('utf8').on('error', reject).on('close', () => reject(new Error('it hung up'))).on('data', (/** @type {string} */ data) => {
      clearTimeout(timer);
      text += data;
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const told = JSON.parse(line);
        if (told.progress === undefined) resolve(told);
        else progress(told.progress);
      }
    });
    connection.write('{"command":"snapshot"}\n');
  });
}

module.exports = { run, usage: USAGE, summary: 'ask a running process for a heap snapshot' };
