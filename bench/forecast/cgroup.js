'use strict';

const { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');

/**
 * A memory limit of the kernel's for one process: a cgroup (v1) below our own, which needs root.
 *
 * @param {string} name
 * @param {number} limitBytes
 * @returns {{ enter: string, remove: () => void } | null} enter: the file that a process writes its id to; null: not possible here
 */
function makeCgroup(name, limitBytes) {
  const line = /^\d+:memory:(.*)$/m.exec(existsSync('/proc/self/cgroup') ? readFileSync('/proc/self/cgroup', 'utf8') : '');
  if (!line) return null;
  const folder = path.join('/sys/fs/cgroup/memory', line[1], name);
  try {
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'memory.limit_in_bytes'), String(limitBytes));
  } catch {
    return null;
  }
  return { enter: path.join(folder, 'cgroup.procs'), remove: () => rmdirSync(folder) };
}

module.exports = { makeCgroup };
