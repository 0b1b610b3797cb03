'use strict';

const { HeapwatchError } = require('./errors.js');
const { now } = require('./clock.js');
const { native } = require('./native.js');
const { isDisabled } = require('./options.js');

/**
 * A full collection, now. Works without a watcher.
 *
 * @returns {import('../index').GcResult}
 */
function gc() {
  const { binding, reason } = native();
  if (binding !== null) return JSON.parse(binding.gc());
  if (typeof globalThis.gc === 'function') return measured(globalThis.gc);
  // A switch for operators must not make a working program throw.
  if (isDisabled()) return { pauseMs: 0, freedBytes: 0 };
  throw new HeapwatchError(
    'HEAPWATCH_UNSUPPORTED',
    `heapwatch: gc() needs the native part. ${reason} Or start the process with --expose-gc, which it then uses.`,
  );
}

/** @param {() => void} collect */
function measured(collect) {
  const usedBefore = process.memoryUsage().heapUsed;
  const startMs = now();
  collect();
  const pauseMs = now() - startMs;
  return { pauseMs, freedBytes: Math.max(0, usedBefore - process.memoryUsage().heapUsed) };
}

module.exports = { gc };
