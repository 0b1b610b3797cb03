'use strict';

const { isMainThread } = require('node:worker_threads');

const { native } = require('./native.js');
const { snapshotTarget } = require('./snapshot-options.js');
const { warnOnce } = require('./warn.js');

/** @typedef {import('./oom-options').OomOptions} OomOptions */

/**
 * The heap is written when its limit is near, or no more. Where that cannot be, a process warning says why: the program runs as without.
 *
 * @param {OomOptions | false} options
 */
function arm(options) {
  const { binding } = native();
  if (!options || !options.snapshot) return binding?.oomDisarm();
  const obstacle = findObstacle();
  if (obstacle !== null || binding === null) return warn(obstacle);
  if (!binding.oomArm(snapshotTarget(options.dir), options.waitMs, options.headroom)) {
    warn("something else waits for the limit already (v8.setHeapSnapshotNearHeapLimit(), a profiler or the inspector), and V8 calls one alone. Start heapwatch without it, or without oom.");
  }
}

/** @param {string | null} obstacle */
function warn(obstacle) {
  warnOnce('HEAPWATCH_OOM_UNSUPPORTED', `heapwatch: no snapshot will be taken at the heap limit: ${obstacle}`);
}

/** Only the newest callback at the limit is called, so another one's owner would be robbed. */
function findObstacle() {
  // Of a worker Node makes an error (ERR_WORKER_OUT_OF_MEMORY), by a callback of its own; in place of it, ours would end the process.
  if (!isMainThread) return 'this is a worker thread, which Node ends by itself, with an error that can be caught.';
  const flag = '--heapsnapshot-near-heap-limit';
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)].map((each) => each.replaceAll('_', '-'));
  if (flags.some((each) => each.startsWith(flag))) return `Node was started with ${flag}, which does so its own way.`;
  const { binding, reason } = native();
  return binding === null ? `it needs the native part. ${reason}` : binding.forkRefusal();
}

module.exports = { arm };
