'use strict';

// Which test file leaks: a table at the end of the run, of what heapwatch/jest-environment saw.

const { mkdtempSync, readFileSync, readdirSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

const { table } = require('./terminal/table.js');
const { formatBytes, formatMs, formatPercent } = require('./terminal/units.js');

/** Where the environment writes, told to workers by their environment. */
const DIR_VARIABLE = 'HEAPWATCH_JEST_DIR';

/** Above this a file has a mark: Jest itself keeps some hundred kilobytes a file (transforms, source maps). */
const MARK_BYTES = 2 * 1024 * 1024;

/** The last file of a worker is looked at some turns after its teardown. */
const LATE_MS = 1000;

const WIDTH = 120;

class HeapwatchReporter {
  #globalConfig;
  #dir = '';
  #files = 0;

  /** @param {{ rootDir: string }} globalConfig */
  constructor(globalConfig) {
    this.#globalConfig = globalConfig;
  }

  onRunStart() {
    this.#dir = mkdtempSync(path.join(tmpdir(), 'heapwatch-jest-'));
    process.env[DIR_VARIABLE] = this.#dir;
  }

  onTestFileResult() {
    this.#files += 1;
  }

  async onRunComplete() {
    let rows = this.#rows();
    for (let waitedMs = 0; rows.length < this.#files && waitedMs < LATE_MS; waitedMs += 50) {
      await sleep(50);
      rows = this.#rows();
    }
    rmSync(this.#dir, { recursive: true, force: true });
    delete process.env[DIR_VARIABLE];
    process.stderr.write(`\n${this.#table(rows).join('\n')}\n`);
  }

  #rows() {
    return readdirSync(this.#dir).flatMap((name) => {
      const lines = readFileSync(path.join(this.#dir, name), 'utf8').split('\n').filter(Boolean);
      return lines.map((line, at) => ({ .../** @type {Row} */ (JSON.parse(line)), isFirst: at === 0 }));
    });
  }

  /** @param {(Row & { isFirst: boolean })[]} rows */
  #table(rows) {
    if (rows.length === 0) return ["heapwatch: no test file was looked at. Set testEnvironment to 'heapwatch/jest-environment'."];
    const cells = rows
      .map((row) => ({ ...row, kept: row.endBytes - row.startBytes }))
      .sort((a, b) => b.kept - a.kept)
      .map(({ file, kept, totalMs, gcMs, isFirst }) => [
        path.relative(this.#globalConfig.rootDir, file),
        formatBytes(kept),
        formatPercent(totalMs > 0 ? Math.min(1, gcMs / totalMs) : 0),
        formatMs(totalMs),
        isFirst ? 'first of its worker: with what Jest loads' : kept > MARK_BYTES ? 'keeps memory' : '',
      ]);
    const columns = [
      { title: 'test file', align: /** @type {const} */ ('left') },
      { title: 'retained' },
      { title: 'GC' },
      { title: 'time' },
      { title: '', align: /** @type {const} */ ('left'), keep: 1 },
    ];
    const lost = this.#files - rows.length;
    return [
      'Heap that stays after each test file (heapwatch)',
      ...table(columns, cells, WIDTH),
      ...(lost > 0 ? [`${lost} more: their environment was another one (@jest-environment), or their worker ended at once`] : []),
    ];
  }
}

/** @typedef {{ file: string, thread: string, startBytes: number, endBytes: number, totalMs: number, gcMs: number }} Row */

module.exports = HeapwatchReporter;
