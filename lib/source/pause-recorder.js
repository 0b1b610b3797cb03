'use strict';

/** @typedef {import('../../index').PauseHistogramJson} Json */

const MAX_US = 3_600_000_000; // an hour: longer pauses are counted apart, as in the native part

/**
 * Counts pauses of one kind in buckets of at most 0.1 % width, from 1 µs to 1 h: the layout of
 * HdrHistogram with three digits. Values below 2048 µs have a bucket each; above, each power of two is
 * cut into 1024. At most 23,000 buckets can ever exist, and only those hit do.
 */
class PauseRecorder {
  /** @type {Map<number, number>} highest value of the bucket in µs → count */
  #buckets = new Map();
  #count = 0;
  #exceeds = 0;
  #totalMs = 0;
  #min = Infinity;
  #max = 0;
  // Welford's running mean and sum of squared differences: no cancellation at any count.
  #mean = 0;
  #squares = 0;

  /** @param {number} ms */
  add(ms) {
    this.#totalMs += ms;
    this.#max = Math.max(this.#max, ms);
    const us = Math.round(ms * 1000);
    if (us > MAX_US) {
      this.#exceeds += 1;
      return;
    }
    const highest = highestInBucket(us);
    this.#buckets.set(highest, (this.#buckets.get(highest) ?? 0) + 1);
    this.#count += 1;
    this.#min = Math.min(this.#min, ms);
    const delta = ms - this.#mean;
    this.#mean += delta / this.#count;
    this.#squares += delta * (ms - this.#mean);
  }

  /** @returns {import('./source').ReportJson['gc']['all']} */
  toGcKind() {
    return { count: this.#count + this.#exceeds, totalMs: this.#totalMs, freedBytes: 0, pause: this.#toHistogram() };
  }

  /** @returns {Json} */
  #toHistogram() {
    const buckets = [...this.#buckets].sort(([a], [b]) => a - b);
    return {
      count: this.#count,
      exceeds: this.#exceeds,
      min: this.#count === 0 ? 0 : this.#min,
      max: this.#max,
      mean: this.#mean,
      stddev: this.#count === 0 ? 0 : Math.sqrt(this.#squares / this.#count),
      buckets: buckets.map(([us, count]) => [us / 1000, count]),
    };
  }
}

/** @param {number} us */
function highestInBucket(us) {
  if (us < 2048) return us;
  const width = 2 ** (Math.floor(Math.log2(us)) - 10);
  return Math.floor(us / width) * width + width - 1;
}

module.exports = { PauseRecorder };
