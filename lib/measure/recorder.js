'use strict';

// What the calls allocate, and the collections that they cause: read between the rounds' own collections, which do not count.

const v8 = require('node:v8');

const { PauseHistogram } = require('../histogram.js');
const { now } = require('../clock.js');
const { DEFAULT_LEAK } = require('../leak-options.js');
const { NativeSource } = require('../source/native.js');

/** Of more pauses than these only the number and the sum are known. Taken up before the first round: what grows during the rounds would be measured. */
const MAX_PAUSES = 4096;

/** More rounds than these are only summed up. */
const MAX_ROUNDS = 256;

class Recorder {
  #source;
  #pauses = new Float64Array(MAX_PAUSES);
  #count = 0;
  #allocations = new Float64Array(MAX_ROUNDS);
  #rounds = 0;
  #totalMs = 0;
  #freedBytes = 0;
  #allocatedBytes = 0;
  #calls = 0;
  #callsMs = 0;
  #startMs = 0;
  #startBytes = 0;

  /** @param {import('../source/source').Binding} binding */
  constructor(binding) {
    this.#source = new NativeSource(binding, { sampleIntervalMs: 0, gcStatistics: true, leak: DEFAULT_LEAK });
  }

  /** The calls begin. */
  begin() {
    this.#source.drain();
    this.#startBytes = usedBytes();
    this.#startMs = now();
  }

  /** @param {number} calls have ended, and nothing was collected since */
  end(calls) {
    this.#callsMs += now() - this.#startMs;
    const endBytes = usedBytes();
    this.#calls += calls;
    /** @type {import('../../index').Pause[]} */
    const pauses = (this.#source.drain()?.gc ?? []).filter((/** @type {import('../../index').Pause} */ { nested }) => !nested);
    // Between two collections the heap grows by what was allocated. V8's own count (Node 26) adds to itself whenever it is read.
    let atBytes = this.#startBytes;
    let grownBytes = 0;
    for (const { pauseMs, freedBytes, heapUsedBefore, heapUsedAfter } of pauses) {
      if (this.#count < MAX_PAUSES) this.#pauses[this.#count] = pauseMs;
      this.#count += 1;
      this.#totalMs += pauseMs;
      this.#freedBytes += freedBytes;
      if (heapUsedAfter === 0) continue;
      grownBytes += Math.max(0, heapUsedBefore - atBytes);
      atBytes = heapUsedAfter;
    }
    const allocatedBytes = grownBytes + Math.max(0, endBytes - atBytes);
    this.#allocatedBytes += allocatedBytes;
    if (this.#rounds < MAX_ROUNDS) this.#allocations[this.#rounds++] = allocatedBytes / calls;
  }

  get hasCollections() {
    return this.#count > 0;
  }

  get allocatedBytesPerCall() {
    return this.#calls === 0 ? 0 : this.#allocatedBytes / this.#calls;
  }

  /**
   * Of the median round, by order statistics: leaving out a fifth at either end covers it with 99 % or more from some 15 rounds on. Of fewer, from the lowest
   * to the highest; of none, nothing is known.
   *
   * @returns {[low: number, high: number]}
   */
  get allocatedInterval() {
    if (this.#rounds === 0) return [0, Infinity];
    const sorted = this.#allocations.slice(0, this.#rounds).sort();
    const cut = sorted.length < 15 ? 0 : Math.floor(sorted.length / 5);
    return [sorted[cut], sorted[sorted.length - 1 - cut]];
  }

  /** GC's share of the time that the calls took, from 0 to 1. */
  get gcTimeRatio() {
    return this.#callsMs === 0 ? 0 : Math.min(1, this.#totalMs / this.#callsMs);
  }

  /** @returns {import('../../index').GcKind} */
  gc() {
    const known = Array.from(this.#pauses.subarray(0, Math.min(this.#count, MAX_PAUSES))).sort((a, b) => a - b);
    const mean = known.length === 0 ? 0 : known.reduce((sum, ms) => sum + ms, 0) / known.length;
    const pause = PauseHistogram.from({
      count: known.length,
      exceeds: 0,
      min: known[0] ?? 0,
      max: known.at(-1) ?? 0,
      mean,
      stddev: known.length === 0 ? 0 : Math.sqrt(known.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / known.length),
      buckets: known.map((ms) => [ms, 1]),
    });
    return { count: this.#count, totalMs: this.#totalMs, freedBytes: this.#freedBytes, pause };
  }

  close() {
    this.#source.detach();
  }
}

function usedBytes() {
  return v8.getHeapStatistics().used_heap_size;
}

module.exports = { Recorder };
