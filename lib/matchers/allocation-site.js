'use strict';

// Which function allocated most of what stays: V8's sampling heap profiler, which forgets what is collected. A snapshot does not know.

const { readFileSync } = require('node:fs');
const path = require('node:path');
const { fileURLToPath } = require('node:url');

/** Bytes between samples, on average. */
const INTERVAL_BYTES = 1024;

/** One function must have allocated this share of what stays, or none is named. */
const SHARE = 0.4;

const OWN = path.join(__dirname, '..');

/** @typedef {{ callFrame: { functionName: string, url: string, lineNumber: number }, selfSize: number, children: Node[] }} Node */

class AllocationSites {
  /** @type {import('node:inspector').Session | null} */
  #session = null;

  begin() {
    try {
      const { Session } = require('node:inspector');
      this.#session = new Session();
      this.#session.connect();
      this.#session.post('HeapProfiler.startSampling', { samplingInterval: INTERVAL_BYTES });
    } catch {
      // A Node without the inspector: nobody is named.
      this.#session = null;
    }
  }

  /** @returns {string | null} `src/session.js:12`; without the line where the file is not what runs (a transform moved it) */
  end() {
    /** @type {Node | undefined} */
    let head;
    // Of the own thread, it answers at once.
    this.#session?.post('HeapProfiler.stopSampling', (error, answer) => { if (!error) head = /** @type {any} */ (answer).profile.head; });
    this.#session?.disconnect();
    if (head === undefined) return null;
    /** @type {Map<string, { bytes: number, frame: Node['callFrame'] }>} */
    const sites = new Map();
    const totalBytes = sum(head, null, sites);
    const [top] = [...sites.values()].sort((a, b) => b.bytes - a.bytes);
    return top !== undefined && top.bytes >= SHARE * totalBytes ? show(top.frame) : null;
  }
}

/**
 * What Node's own functions allocate counts for who called them.
 *
 * @param {Node} node
 * @param {Node['callFrame'] | null} caller
 * @param {Map<string, { bytes: number, frame: Node['callFrame'] }>} sites
 * @returns {number} bytes of all
 */
function sum({ callFrame, selfSize, children }, caller, sites) {
  const frame = isUsers(callFrame.url) ? callFrame : caller;
  if (frame !== null && selfSize > 0) {
    const key = `${frame.url}:${frame.lineNumber}:${frame.functionName}`;
    sites.set(key, { frame, bytes: (sites.get(key)?.bytes ?? 0) + selfSize });
  }
  return children.reduce((total, child) => total + sum(child, frame, sites), selfSize);
}

/** @param {string} url */
const isUsers = (url) => url !== '' && !url.startsWith('node:') && !fileOf(url).startsWith(OWN);

/** @param {string} url */
const fileOf = (url) => (url.startsWith('file:') ? fileURLToPath(url) : url);

/** @param {Node['callFrame']} frame */
function show({ url, lineNumber, functionName }) {
  const file = fileOf(url);
  const shown = path.isAbsolute(file) ? path.relative(process.cwd(), file) : file;
  const name = functionName.split('.').at(-1) ?? '';
  const line = lineAt(file, lineNumber);
  const stands = name === '' ? /=>|function/.test(line) : line.includes(name) || line.includes('constructor');
  return stands ? `${shown}:${lineNumber + 1}` : `${shown}${name === '' ? '' : `, ${name}()`}`;
}

/** @param {string} file @param {number} number from 0 */
function lineAt(file, number) {
  try {
    return readFileSync(file, 'utf8').split('\n')[number] ?? '';
  } catch {
    return '';
  }
}

module.exports = { AllocationSites };
