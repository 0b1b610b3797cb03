'use strict';

// What is asked of a running process from outside: over a Unix socket that only its user can reach, or by a signal. Both only where
// start() was told so.

const { chmodSync, lstatSync, mkdirSync, rmSync } = require('node:fs');
const { createServer } = require('node:net');
const path = require('node:path');
const { isMainThread } = require('node:worker_threads');

const { HeapwatchError, messageOf } = require('./errors.js');
const { snapshot, takeSnapshot } = require('./snapshot.js');
const { snapshotFolder } = require('./snapshot-options.js');
const { warn } = require('./warn.js');

/** What sun_path holds, on the system that has the least. */
const MAX_SOCKET_PATH = 103;

/** A request is one line; what is longer is none. */
const MAX_REQUEST = 4096;

/**
 * @param {string} folder
 * @param {number} pid
 */
const socketPath = (folder, pid) => path.join(folder, `control-${pid}.sock`);

/** The socket, from open() to close(). It keeps no process alive. */
class Control {
  /** @type {import('node:net').Server | null} */
  #server = null;
  #path = '';

  /** Where it cannot be, a process warning says why: the program runs as without. */
  open() {
    if (this.#server !== null || !isMainThread) return;
    try {
      const { folder, folderOwner } = snapshotFolder();
      this.#path = socketPath(folder, process.pid);
      if (Buffer.byteLength(this.#path) > MAX_SOCKET_PATH) throw new Error(`${this.#path} is longer than the ${MAX_SOCKET_PATH} bytes of a socket's path; set HEAPWATCH_DIR`);
      makePrivate(folder, folderOwner ?? process.geteuid?.());
      rmSync(this.#path, { force: true }); // of a dead process that had our number
      this.#server = createServer((connection) => answer(connection)).on('error', complain);
      this.#server.listen(this.#path, () => chmodSync(this.#path, 0o600));
      this.#server.unref();
    } catch (error) {
      complain(error);
    }
  }

  close() {
    this.#server?.close(); // removes the socket, too
    this.#server = null;
  }
}

/**
 * @param {string} folder
 * @param {number | undefined} owner
 */
function makePrivate(folder, owner) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || (owner !== undefined && found.uid !== owner) || (found.mode & 0o777) !== 0o700) {
    throw new Error(`${folder} must be a folder that this user alone may enter (0700)`);
  }
}

/** @param {unknown} error */
function complain(error) {
  warn('HEAPWATCH_CONTROL', `heapwatch: this process cannot be asked from outside: ${messageOf(error)}`);
}

/** @param {import('node:net').Socket} connection */
function answer(connection) {
  let text = '';
  /** @param {unknown} line */
  const say = (line) => { if (!connection.destroyed) connection.write(`${JSON.stringify(line)}\n`); };
  connection.on('error', () => {}); // whoever asked has gone
  connection.setEncoding('utf8').on('data', async (/** @type {string} */ data) => {
    text += data;
    if (text.length > MAX_REQUEST) return connection.destroy();
    if (!text.includes('\n')) return;
    connection.removeAllListeners('data');
    const gone = new AbortController();
    connection.once('close', () => gone.abort());
    try {
      if (JSON.parse(text).command !== 'snapshot') throw new HeapwatchError('HEAPWATCH_UNSUPPORTED', 'heapwatch: only snapshots can be asked for.');
      say({ done: await takeSnapshot({ signal: gone.signal }, (bytes) => say({ progress: bytes })) });
    } catch (error) {
      const { code, reason } = /** @type {any} */ (error);
      say({ failure: { code, reason, message: messageOf(error) } });
    }
    connection.end();
  });
}

/**
 * A snapshot at each signal; what came of it is told on stderr.
 *
 * @param {NodeJS.Signals} signal
 * @returns {() => void} takes the handler away
 */
function onSignal(signal) {
  const take = () => {
    snapshot().then(
      ({ path: file, pauseMs }) => process.stderr.write(`heapwatch: ${signal}: ${file}; stopped for ${pauseMs.toFixed(1)} ms.\n`),
      (error) => process.stderr.write(`heapwatch: ${signal}: no snapshot (${error.code}): ${messageOf(error)}\n`),
    );
  };
  process.on(signal, take);
  return () => { process.off(signal, take); };
}

module.exports = { Control, onSignal, socketPath };
