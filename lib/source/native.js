'use strict';

const { isMainThread, threadId } = require('node:worker_threads');

const { now, timeOrigin } = require('../clock.js');
const { oldGenerationLimitBytes } = require('../heap-limit.js');

/** @typedef {import('./source').Source} Source */
/** @typedef {import('./source').Binding} Binding */

/**
 * One reader of the native part. Hooks, sampling and aggregation live there, per isolate and shared by
 * all readers of it; this is only the door.
 *
 * @implements {Source}
 */
class NativeSource {
  name = /** @type {const} */ ('native');
  tickMs = Infinity;
  #binding;
  #reader;

  /**
   * @param {Binding} binding
   * @param {import('./source').SourceOptions} options
   */
  constructor(binding, { sampleIntervalMs, gcStatistics }) {
    this.#binding = binding;
    this.#reader = binding.attach({
      threadId,
      isMainThread,
      sampleIntervalMs,
      gcStatistics,
      oldGenerationLimitBytes: oldGenerationLimitBytes(),
      timeOriginMs: timeOrigin,
      nowMs: now(), // last: what passes until the other side reads its clock is an error in every time
    });
  }

  /** @param {{ sampleIntervalMs?: number, gcStatistics?: boolean }} options */
  configure(options) {
    this.#binding.configure(this.#reader, options);
  }

  report() {
    return JSON.parse(this.#binding.report(this.#reader, arrayBuffersBytes()));
  }

  timeline() {
    return JSON.parse(this.#binding.timeline(this.#reader));
  }

  /** @param {number} sinceMs */
  pauses(sinceMs) {
    return JSON.parse(this.#binding.pauses(this.#reader, sinceMs));
  }

  drain() {
    const json = this.#binding.drain(this.#reader);
    return json === '' ? null : JSON.parse(json);
  }

  seen() {
    this.#binding.seen(this.#reader, arrayBuffersBytes());
  }

  reset() {
    this.#binding.reset(this.#reader);
  }

  detach() {
    this.#binding.detach(this.#reader);
  }
}

/** Known to Node's allocator alone; V8 and the native part see only `external`, which includes it. */
function arrayBuffersBytes() {
  return process.memoryUsage().arrayBuffers;
}

module.exports = { NativeSource };
