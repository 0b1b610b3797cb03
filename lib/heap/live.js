'use strict';

const { throwIfAborted } = require('../abort.js');
const { checkFields, headroom, spanAboveZero } = require('../check.js');
const { HeapwatchError } = require('../errors.js');
const { native } = require('../native.js');
const { carryOut } = require('../snapshot.js');
const { DEFAULT_TIMEOUT_MS } = require('../snapshot-options.js');
const { DEFAULT_LIMIT, HEAP_CHECKS, tell } = require('./job.js');

const CHECKS = { limit: HEAP_CHECKS.limit, onProgress: HEAP_CHECKS.onProgress, signal: HEAP_CHECKS.signal, timeoutMs: spanAboveZero, headroom };

/** V8 writes about as many bytes as the heap has: 1.5 to 3 for each. */
const WRITTEN_PER_HEAP_BYTE = 2;

/**
 * Sums up this thread's heap as it is now: a forked copy reads it, and no file is written.
 *
 * @param {unknown} [given]
 */
async function analyzeLive(given) {
  return summarizeLive(given === undefined ? {} : checkFields(given, CHECKS, { example: '{ limit: 50 }' }), false);
}

/**
 * Likewise of checked options, with any limit.
 *
 * @param {Record<string, any>} options
 * @param {boolean} isAwaited whoever asks does nothing else until it is there
 */
async function summarizeLive({ limit = DEFAULT_LIMIT, timeoutMs = DEFAULT_TIMEOUT_MS, headroom: headroomBytes, onProgress, signal }, isAwaited) {
  throwIfAborted(signal);
  const { binding, reason } = native();
  if (binding === null) throw new HeapwatchError('HEAPWATCH_UNSUPPORTED', `heapwatch: analyze('live') needs the native part. ${reason}`, { reason: 'native' });
  const expectedBytes = process.memoryUsage().heapUsed * WRITTEN_PER_HEAP_BYTE;
  const progress = onProgress && ((/** @type {number} */ bytes) => tell(onProgress, { phase: 'reading', ratio: Math.min(0.99, bytes / expectedBytes) }));
  const { result, pauseMs, totalMs } = await carryOut(binding, binding.liveBegin(limit, timeoutMs, headroomBytes, isAwaited), signal, progress);
  return { ...JSON.parse(result).result, pauseMs, totalMs };
}

module.exports = { analyzeLive, summarizeLive };
