'use strict';

const { readdirSync, statSync } = require('node:fs');
const path = require('node:path');

const { checkFields, place } = require('./check.js');
const { native } = require('./native.js');
const { snapshotFolder } = require('./snapshot-options.js');

/** @typedef {import('../index').PendingSnapshot} PendingSnapshot */

const PARTIAL = '.partial';

/** As src/capture/ names them: what it was taken for, process, thread, time, number. */
const NAME = /^heapwatch-(oom|rule)-(\d+)-(\d+)-(\d+)-\d+\.(heapsnapshot|classes\.json|refused\.json)(\.partial)?$/;

const KINDS = /** @type {const} */ ({ heapsnapshot: 'snapshot', 'classes.json': 'classes', 'refused.json': 'refused' });

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
  const all = names(folder);
  const unfinished = new Set(all.filter((name) => NAME.exec(name)?.at(-1) === PARTIAL && isBeingWritten(path.join(folder, name))));
  for (const name of all) {
    const [, tag, pid, threadId, timeMs, extension, partial] = NAME.exec(name) ?? [];
    if (tag === undefined || partial || (tag === 'rule' && Number(pid) === process.pid)) continue;
    // The classes are counted first, and go when the snapshot is there.
    if (unfinished.has(name.replace(extension, `heapsnapshot${PARTIAL}`))) continue;
    const kind = KINDS[/** @type {keyof typeof KINDS} */ (extension)];
    complete.push(...describe(path.join(folder, name), { kind, reason: REASONS[/** @type {'oom' | 'rule'} */ (tag)], pid: Number(pid), threadId: Number(threadId), timeMs: Number(timeMs) }));
  }
  return { complete: complete.sort((a, b) => a.timeMs - b.timeMs), isWriting: unfinished.size > 0 };
}

/** Whoever died of want of memory in the middle has left one that nobody works on. @param {string} file */
function isBeingWritten(file) {
  return native().binding?.isBeingWritten(file) ?? true;
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
