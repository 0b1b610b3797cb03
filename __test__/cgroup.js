'use strict';

// A memory limit such as a container has, from a cgroup made for the occasion.

const { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const { run } = require('./run.js');

const MOUNT = '/sys/fs/cgroup';
const MB = 1024 * 1024;

const isV2 = existsSync(path.join(MOUNT, 'cgroup.controllers'));

/** Where groups are made. */
const root = isV2 ? MOUNT : path.join(MOUNT, 'memory');

/** This user may make groups, as far as the file system says. Whether the kernel then agrees is for the tests to fail by. */
function isWritable() {
  try {
    accessSync(root, constants.W_OK);
    accessSync(path.join(root, 'cgroup.procs'), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

let made = 0;

/**
 * Runs a program in a cgroup of its own.
 *
 * @param {number} limitMb of memory, without swap
 * @param {string} command
 * @param {string[]} args
 */
function runInCgroup(limitMb, command, args) {
  return withCgroup(limitMb, (runInside) => runInside(command, args));
}

/**
 * A cgroup for as long as `use` takes.
 *
 * @template T
 * @param {number} limitMb of memory, without swap
 * @param {(runInside: typeof run, peakMb: () => number) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withCgroup(limitMb, use) {
  const folder = path.join(root, `heapwatch-test-${process.pid}-${made++}`);
  const control = path.join(root, 'cgroup.subtree_control');
  if (isV2 && !readFileSync(control, 'utf8').includes('memory')) writeFileSync(control, '+memory');
  mkdirSync(folder);
  try {
    const set = (name, value) => writeFileSync(path.join(folder, name), String(value));
    set(isV2 ? 'memory.max' : 'memory.limit_in_bytes', limitMb * MB);
    const swap = isV2 ? 'memory.swap.max' : 'memory.memsw.limit_in_bytes';
    if (existsSync(path.join(folder, swap))) set(swap, isV2 ? 0 : limitMb * MB);
    // The shell joins the group and becomes the program: all of the program's memory is charged to it.
    const runInside = (command, args, env, options) => run('sh', ['-c', 'echo $$ > "$0" && exec "$@"', path.join(folder, 'cgroup.procs'), command, ...args], env, options);
    return await use(runInside, () => Number(readFileSync(path.join(folder, isV2 ? 'memory.peak' : 'memory.max_usage_in_bytes'), 'utf8')) / MB);
  } finally {
    await remove(folder);
  }
}

/** A group is busy for a moment after its last process has ended. */
async function remove(folder) {
  for (let tries = 0; ; tries += 1) {
    try {
      rmdirSync(folder);
      return;
    } catch (error) {
      if (tries === 300) throw error;
      await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
  }
}

module.exports = { isWritable, runInCgroup, withCgroup };
