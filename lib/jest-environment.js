'use strict';

// Jest's environment with a look at the heap before each test file and after its teardown. heapwatch/jest-reporter prints the table; the two meet in
// a folder whose name workers inherit through their environment variables.

const { appendFileSync } = require('node:fs');
const path = require('node:path');
const { setImmediate } = require('node:timers');
const v8 = require('node:v8');
const { threadId } = require('node:worker_threads');

const { HeapwatchError } = require('./errors.js');
const { now } = require('./clock.js');
const { collect } = require('./measure/settle.js');
const { start } = require('./running.js');

/** Set by the reporter. */
const DIR_VARIABLE = 'HEAPWATCH_JEST_DIR';

/** After the teardown Jest still holds the file's modules, for as many turns of the event loop at most. */
const TURNS = 4;

/** Until they find no more than this. */
const NEGLIGIBLE_BYTES = 64 * 1024;
const MOST_COLLECTIONS = 5;

/** The file that was torn down last in this thread and has not been looked at since. @type {(() => void) | null} */
let unfinished = null;

/**
 * @template {new (...args: any[]) => any} T
 * @param {T} Base an environment of Jest's
 */
function withHeapwatch(Base) {
  return class HeapwatchEnvironment extends Base {
    #file;
    #begun;

    /** @param {any[]} args Jest's: the configuration, and the context of the test file */
    constructor(...args) {
      unfinished?.(); // whatever stayed belongs to the file before
      const begun = begin();
      super(...args);
      this.#file = String(args[1]?.testPath);
      this.#begun = begun;
    }

    async teardown() {
      await super.teardown();
      const { watcher, usedBytes, startMs, gcMs } = this.#begun;
      const file = this.#file;
      const spentMs = now() - startMs;
      const gcTotalMs = watcher.report().gc.all.totalMs - gcMs;
      watcher.stop();
      const finish = () => {
        if (unfinished !== finish) return;
        unfinished = null;
        collectAll();
        record({ file, thread: `${process.pid}-${threadId}`, startBytes: usedBytes, endBytes: used(), totalMs: spentMs, gcMs: gcTotalMs });
      };
      unfinished = finish;
      after(TURNS, finish);
    }
  };
}

function begin() {
  const watcher = start({ leak: false });
  collectAll();
  return { watcher, usedBytes: used(), startMs: now(), gcMs: watcher.report().gc.all.totalMs };
}

/** What the file's own realm holds goes in several steps, each after a collection. */
function collectAll() {
  for (let before = Infinity, again = 0; again < MOST_COLLECTIONS && before - used() > NEGLIGIBLE_BYTES; again += 1) {
    before = used();
    collect();
  }
}

function used() {
  const { used_heap_size: heap, external_memory: external } = v8.getHeapStatistics();
  return heap + external;
}

/**
 * @param {number} turns
 * @param {() => void} work
 */
function after(turns, work) {
  setImmediate(() => { if (turns > 1) after(turns - 1, work); else work(); });
}

/** @param {Record<string, string | number>} row */
function record(row) {
  const dir = process.env[DIR_VARIABLE];
  if (dir === undefined) return; // without the reporter nobody reads it
  try {
    appendFileSync(path.join(dir, `${row.thread}.jsonl`), `${JSON.stringify(row)}\n`);
  } catch {
    // The run has ended and its folder with it.
  }
}

/** Needed only by who does not bring an environment of their own to `withHeapwatch()`. */
class NoEnvironment {
  constructor() {
    throw new HeapwatchError('HEAPWATCH_UNSUPPORTED', 'heapwatch: jest-environment-node was not found. Install it beside Jest.');
  }

  async teardown() {}
}

function nodeEnvironment() {
  // heapwatch requires no runner: the user's is found from here, or from where the run was started.
  for (const paths of [[__dirname], [process.cwd()]]) {
    try {
      const found = require(require.resolve('jest-environment-node', { paths }));
      return found.TestEnvironment ?? found.default ?? found;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return NoEnvironment;
}

const environment = withHeapwatch(nodeEnvironment());

module.exports = Object.assign(environment, { TestEnvironment: environment, withHeapwatch });
