'use strict';

const { readdirSync, statSync } = require('node:fs');
const path = require('node:path');

const { checkFields, place } = require('./check.js');
const { snapshotFolder } = require('./snapshot-options.js');

/** @typedef {import('../index').PendingSnapshot} PendingSnapshot */

/** As src/capture/ names them: what it was taken for, process, thread, time, number. */
const NAME = /^heapwatch-(oom|rule)-(\d+)-(\d+)-(\d+)-\d+\.heapsnapshot(\.partial)?$/;

const REASONS = /** @type {const} */ ({ oom: 'oom', rule: 'threshold' });

const FIELDS = { dir: place };

/**
 * What earlier processes left in the folder, oldest first.
 *
 * @param {{ dir?: string }} [options]
 * @returns {PendingSnapshot[]}
 */
function pendingSnapshots(options = {}) {
  const { dir } = checkFields(options, FIELDS, { example: "{ dir: '/var/tmp' }" });
  return look(snapshotFolder(dir).folder).complete;
}

/**
 * @param {string} folder
 * @returns {{ complete: PendingSnapshot[], isWriting: boolean }} isWriting: a process that has died may still be writing one
 */
function look(folder) {
  /** @type {PendingSnapshot[]} */
  const complete = [];
  let isWriting = false;
  for (const name of names(folder)) {
    const [, tag, pid, threadId, timeMs, partial] = NAME.exec(name) ?? [];
    if (tag === undefined || (tag === 'rule' && Number(pid) === process.pid)) continue;
    if (partial) isWriting = true;
    else complete.push(...describe(path.join(folder, name), { reason: REASONS[/** @type {'oom' | 'rule'} */ (tag)], pid: Number(pid), threadId: Number(threadId), timeMs: Number(timeMs) }));
  }
  return { complete: complete.sort((a, b) => a.timeMs - b.timeMs), isWriting };
}

/** @param {string} folder */
function names(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not made yet, or not ours to read: nothing was left there for us
  }
}

/**
 * @param {string} file
 * @param {Omit<PendingSnapshot, 'path' | 'bytes'>} rest
 */
function describe(file, rest) {
  try {
    return [{ path: file, bytes: statSync(file).size, ...rest }];
  } catch {
    return []; // somebody has just taken it away
  }
}

module.exports = { pendingSnapshots, look };
