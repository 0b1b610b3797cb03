'use strict';

/** @typedef {import('../index').PauseHistogramJson} Json */

/** An hour, in µs. What takes longer is counted apart, as in the native part. */
const MAX_US = 3_600_000_000;

/** What a histogram of times knows beside its buckets, which its owner keeps. */
class TimeStatistics {
  #count = 0;
  #exceeds = 0;
  #totalMs = 0;
  #min = Infinity;
  #max = 0;
  // Welford's running mean and sum of squared differences: no cancellation at any count.
  #mean = 0;
  #squares = 0;

  get count() {
    return this.#count + this.#exceeds;
  }

  get totalMs() {
    return this.#totalMs;
  }

  /** @param {number} ms @returns {number | null} in whole µs, for a bucket; null: it is in none */
  add(ms) {
    this.#totalMs += ms;
    if (ms > this.#max) this.#max = ms;
    const us = Math.round(ms * 1000);
    if (us > MAX_US) {
      this.#exceeds += 1;
      return null;
    }
    this.#count += 1;
    if (ms < this.#min) this.#min = ms;
    const delta = ms - this.#mean;
    this.#mean += delta / this.#count;
    this.#squares += delta * (ms - this.#mean);
    return us;
  }

  /** @param {InstanceType<typeof TimeStatistics>} other takes it in as well */
  merge(other) {
    const count = this.#count + other.#count;
    const delta = other.#mean - this.#mean;
    if (count > 0) {
      this.#squares += other.#squares + (delta ** 2 * this.#count * other.#count) / count;
      this.#mean += (delta * other.#count) / count;
    }
    this.#count = count;
    this.#exceeds += other.#exceeds;
    this.#totalMs += other.#totalMs;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** @param {Json['buckets']} buckets @returns {Json} */
  toJSON(buckets) {
    return {
      count: this.#count,
      exceeds: this.#exceeds,
      min: this.#count === 0 ? 0 : this.#min,
      max: this.#max,
      mean: this.#mean,
      stddev: this.#count === 0 ? 0 : Math.sqrt(this.#squares / this.#count),
      buckets,
    };
  }
}

module.exports = { TimeStatistics };
