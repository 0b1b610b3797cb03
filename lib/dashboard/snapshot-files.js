'use strict';

const { randomBytes } = require('node:crypto');
const { readdirSync, statSync } = require('node:fs');
const { rename, rm } = require('node:fs/promises');
const path = require('node:path');

const { runJob } = require('../heap/job.js');
const { snapshotFolder } = require('../snapshot-options.js');

/**
 * A snapshot without the contents of its strings, in its place.
 *
 * @param {string} file
 * @param {AbortSignal} signal
 */
async function replaceByRedacted(file, signal) {
  const copy = `${file}.redacted.partial`;
  try {
    await runJob((jobs) => jobs.redact(file, copy), { signal });
    await rename(copy, file);
  } catch (error) {
    await Promise.all([copy, file].map((each) => rm(each, { force: true }))); // what was to be redacted is not kept as it is
    throw error;
  }
  return statSync(file).size;
}

/** Snapshots that rules of this process have taken. */
function takenByRules() {
  const { folder } = snapshotFolder();
  const pattern = new RegExp(`^heapwatch-rule-${process.pid}-\\d+-(\\d+)-\\d+\\.heapsnapshot$`);
  try {
    return readdirSync(folder).flatMap((name) => {
      const [, timeMs] = pattern.exec(name) ?? [];
      if (timeMs === undefined) return [];
      const file = path.join(folder, name);
      return [{ path: file, kind: /** @type {const} */ ('snapshot'), bytes: statSync(file).size, pid: process.pid, timeMs: Number(timeMs), reason: /** @type {const} */ ('threshold') }];
    });
  } catch {
    return []; // no such folder yet, or one has just gone
  }
}

/**
 * A copy without the contents of strings, for as long as it is used.
 *
 * @template T
 * @param {string} file
 * @param {AbortSignal} signal
 * @param {(copy: string) => Promise<T>} use
 */
async function withRedactedCopy(file, signal, use) {
  const copy = `${file}.${randomBytes(6).toString('hex')}.partial`;
  try {
    await runJob((jobs) => jobs.redact(file, copy), { signal });
    return await use(copy);
  } finally {
    await rm(copy, { force: true });
  }
}

/** @param {string} file */
function exists(file) {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

module.exports = { exists, replaceByRedacted, takenByRules, withRedactedCopy };
