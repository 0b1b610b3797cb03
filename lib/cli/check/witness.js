'use strict';

// Preloaded into the program that `heapwatch check` runs, and into all Node processes and threads below it.
// It looks at its thread once a second and writes what it knows into a file of its own, so that also a program
// that is killed has a last word. It is a reader of its own: the program may use heapwatch itself and notices nothing.

const { renameSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { threadId } = require('node:worker_threads');

const { setInterval } = require('../../clock.js');
const { DEFAULT_SAMPLE_INTERVAL_MS } = require('../../options.js');
const { checkRule } = require('../../rule.js');
const { openSource } = require('../../source/open.js');

/** @typedef {import('../../../index').Growth} Growth */

/**
 * @typedef {object} Assignment what the parent asks for, in HEAPWATCH_CHECK
 * @property {string} folder
 * @property {import('../../leak-options').LeakOptions} leak
 * @property {import('../../../index').Threshold[]} rules
 *
 * @typedef {object} Testimony what the parent reads
 * @property {number} pid
 * @property {number} parentPid
 * @property {number} threadId
 * @property {string} program
 * @property {import('../../../index').Report['source']} source
 * @property {number} uptimeMs
 * @property {boolean} hasEnded it came to its end, and was not killed before
 * @property {Growth} growth the last one
 * @property {Growth | null} leak the first one that was a leak
 * @property {number} majors
 * @property {number} rss
 * @property {number} heapUsed
 * @property {{ rule: import('../../../index').Threshold, value: number, timeMs: number }[]} crossings the first of each rule
 */

const LOOK_MS = 1000;

/** @param {Assignment} assignment */
function testify({ folder, leak, rules }) {
  const source = openSource({ sampleIntervalMs: DEFAULT_SAMPLE_INTERVAL_MS, gcStatistics: true, leak });
  source.configure({ leak });
  const checked = rules.map((rule) => checkRule(rule, 'rule'));
  checked.forEach((rule, id) => source.addRule({ id, ...rule }));

  const file = path.join(folder, `${process.pid}-${threadId}.json`);
  /** @type {Map<number, Testimony['crossings'][number]>} */
  const crossings = new Map();
  /** @type {Growth | null} */
  let firstLeak = null;

  const look = (/** @type {boolean} */ hasEnded) => {
    source.seen();
    const { growth, gc, rss, heapUsed, uptimeMs } = source.report();
    for (const { rule: id, timeMs, values } of source.drain()?.crossings ?? []) {
      const [field] = /** @type {(keyof typeof values)[]} */ (Object.keys(checked[id].limits));
      if (!crossings.has(id)) crossings.set(id, { rule: rules[id], value: values[field], timeMs });
    }
    if (growth.verdict === 'leak') firstLeak ??= growth;
    /** @type {Testimony} */
    const testimony = {
      pid: process.pid,
      parentPid: process.ppid,
      threadId,
      program: process.argv[1] ?? process.execPath,
      source: source.name,
      uptimeMs,
      hasEnded,
      growth,
      leak: firstLeak,
      majors: gc.major.count,
      rss,
      heapUsed,
      crossings: [...crossings.values()],
    };
    // Whole or not at all: the process may be killed while it writes.
    writeFileSync(`${file}.new`, JSON.stringify(testimony));
    renameSync(`${file}.new`, file);
  };

  /** A witness must not harm the program that it watches; one that cannot write is missed by the parent. @param {boolean} hasEnded */
  const lookSafely = (hasEnded) => {
    try {
      look(hasEnded);
    } catch { /* the permission model, a full disk, a folder that is gone */ }
  };
  lookSafely(false);
  setInterval(() => lookSafely(false), LOOK_MS).unref();
  process.on('exit', () => lookSafely(true));
}

if (process.env.HEAPWATCH_CHECK) testify(JSON.parse(process.env.HEAPWATCH_CHECK));
