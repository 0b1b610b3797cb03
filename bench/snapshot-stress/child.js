'use strict';
// One forked snapshot after the other, while the main thread and four workers allocate. Reports what came of each.

const { closeSync, mkdtempSync, openSync, readFileSync, readSync, readdirSync, rmSync, statSync, unlinkSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { Worker, isMainThread } = require('node:worker_threads');

const { children } = require('../../__test__/children.js');
const { snapshot } = require('../..');

const WORKERS = 4;
/** What 10 MB of heap hold of it. */
const OBJECTS_PER_MB = 9_000;

class Survivor {
  /** @param {number} i */
  constructor(i) {
    this.id = i;
    this.link = { i, text: `survivor ${i}` };
  }
}

/** Garbage of all ages, so that scavenges and major GCs go on. @param {number} rounds */
function churn(rounds) {
  const kept = [];
  for (let i = 0; i < rounds; i += 1) kept.push({ i, data: new Array(20).fill(i) });
  return kept.length;
}

async function main() {
  const { values } = parseArgs({ options: { count: { type: 'string', default: '20' }, mb: { type: 'string', default: '10' } } });
  const alive = Array.from({ length: Number(values.mb) * OBJECTS_PER_MB }, (_, i) => new Survivor(i));
  const workers = Array.from({ length: WORKERS }, () => new Worker(__filename));
  const load = setInterval(() => churn(1_500), 10);
  const folder = mkdtempSync(path.join(tmpdir(), 'heapwatch-stress-'));
  const result = { taken: 0, valid: 0, invalid: 0, /** @type {Record<string, number>} */ failures: {}, /** @type {number[]} */ pausesMs: [], /** @type {number[]} */ totalsMs: [], filesLeft: 0, zombies: 0 };
  for (let i = 0; i < Number(values.count); i += 1) {
    result.taken += 1;
    try {
      const { path: file, pauseMs, totalMs } = await snapshot({ mode: 'fork', dir: folder });
      if (isValid(file)) result.valid += 1;
      else result.invalid += 1;
      unlinkSync(file);
      result.pausesMs.push(Math.round(pauseMs * 10) / 10);
      result.totalsMs.push(Math.round(totalMs));
    } catch (error) {
      const { code, reason, message } = /** @type {any} */ (error);
      const key = code === undefined ? `untyped: ${message}` : `${code} ${reason}`;
      result.failures[key] = (result.failures[key] ?? 0) + 1;
    }
  }
  result.filesLeft = readdirSync(folder).length;
  result.zombies = children().length;
  clearInterval(load);
  rmSync(folder, { recursive: true });
  await Promise.all(workers.map((worker) => worker.terminate()));
  process.send?.({ ...result, alive: alive.length });
}

/** A text of at most 512 MB fits into one string; what is larger is read in pieces. */
const ONE_STRING = 500e6;

/** @param {string} file */
function isValid(file) {
  try {
    if (statSync(file).size < ONE_STRING) return JSON.parse(readFileSync(file, 'utf8')).strings.includes('Survivor');
    return isClosed(file);
  } catch {
    return false;
  }
}

/**
 * One JSON object from the first to the last character, by its brackets and strings (numbers are not looked at), with the survivors' class
 * among its strings.
 *
 * @param {string} file
 */
function isClosed(file) {
  const fd = openSync(file, 'r');
  const buffer = Buffer.alloc(1 << 22);
  const stack = [];
  let [inString, escaped, isOver, isNamed] = [false, false, false, false];
  for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) {
    // A name that lies across two pieces is missed, and there is only one: 4 MB against 10 bytes.
    isNamed ||= buffer.subarray(0, count).includes('"Survivor"');
    for (let i = 0; i < count; i += 1) {
      const byte = buffer[i];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === 92) escaped = true;
        else if (byte === 34) inString = false;
      } else if (byte === 34) inString = true;
      else if (byte === 123 || byte === 91) {
        if (isOver) return false;
        stack.push(byte + 2);
      } else if (byte === 125 || byte === 93) {
        if (stack.pop() !== byte) return false;
        isOver = stack.length === 0;
      }
    }
  }
  closeSync(fd);
  return isOver && isNamed && !inString;
}

if (isMainThread) main();
else setInterval(() => churn(1_500), 10);
