'use strict';

const { isMainThread, threadId } = require('node:worker_threads');

const { now, timeOrigin } = require('../clock.js');
const { oldGenerationLimitBytes } = require('../heap-limit.js');
const { DEFAULT_LEAK } = require('../leak-options.js');
const { snapshotTarget } = require('../snapshot-options.js');

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

  /** @param {Partial<import('./source').SourceOptions>} options */
  configure({ leak, ...options }) {
    this.#binding.configure(this.#reader, leak === undefined ? options : { ...options, leak: flatten(leak || DEFAULT_LEAK) });
  }

  /** @param {import('./source').SourceRule} rule */
  addRule({ id, limits, forMs, cooldownMs, log, snapshot }) {
    if (snapshot) this.#binding.setSnapshotTarget(this.#reader, snapshotTarget());
    this.#binding.addRule(this.#reader, { id, ...limits, forMs, cooldownMs, log, snapshot });
  }

  /** @returns {import('../../index').SnapshotResult[]} */
  takeSnapshots() {
    const json = this.#binding.takeSnapshots(this.#reader);
    return json === '' ? [] : JSON.parse(json).map((/** @type {any} */ { result: path, ...rest }) => ({ path, ...rest }));
  }

  /** @param {number} id */
  removeRule(id) {
    this.#binding.removeRule(this.#reader, id);
  }

  /** @returns {import('./source').Tally | null} */
  tally() {
    const cells = this.#binding.tallyCells(this.#reader);
    const count = () => this.#binding.countAllocation(this.#reader);
    // Some embedders (Electron) allow no memory that is not theirs: what they give is a copy that stands still.
    cells[1] = -1;
    count();
    return cells[1] === -1 ? null : { cells, count };
  }

  /** @returns {import('../../index').Health} */
  health() {
    return JSON.parse(this.#binding.health(this.#reader));
  }

  report() {
    return JSON.parse(this.#binding.report(this.#reader, arrayBuffersBytes()));
  }

  /** @param {import('../exporters/metrics-options').CheckedMetricsOptions} options */
  metrics(options) {
    return this.#binding.metrics(this.#reader, arrayBuffersBytes(), options);
  }

  /**
   * @param {{ promClient: boolean, prefix: string }} options
   * @returns {import('../exporters/family').MetricFamily[]}
   */
  metricFamilies({ promClient, prefix }) {
    return JSON.parse(this.#binding.metricFamilies(this.#reader, arrayBuffersBytes(), promClient, prefix));
  }

  /** @param {import('../metrics-listen').Listen} terms */
  listen(terms) {
    this.seen(); // what only JavaScript knows is there at the first scrape
    return this.#binding.listen(this.#reader, terms);
  }

  unlisten() {
    this.#binding.unlisten(this.#reader);
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

/**
 * Without events (leak: false) the verdict of the report stays, by the usual measure.
 *
 * @param {import('../leak-options').LeakOptions} leak
 */
function flatten({ minSpanMs, minMajors, assist }) {
  return { minSpanMs, minMajors, ...(assist && { assistMaxPauseMs: assist.maxPauseMs, assistEveryMs: assist.everyMs }) };
}

/** Known to Node's allocator alone; V8 and the native part see only `external`, which includes it. */
function arrayBuffersBytes() {
  return process.memoryUsage().arrayBuffers;
}

module.exports = { NativeSource };
