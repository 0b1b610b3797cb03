'use strict';

/** An hour. What takes longer is counted apart. */
const MAX_US = 3_600_000_000;

/** Below this, each microsecond has a bucket; above, each power of two is cut into half as many: 1.6 % wide at most. */
const EXACT_US = 128;

const HALF = EXACT_US / 2;
const BUCKETS = EXACT_US + (32 - 7) * HALF;

/**
 * Counts times in 1,728 buckets, 7 KB, taken with the first one: coarser than that of GC pauses, since there is one for each route.
 */
class TimeRecorder {
  /** @type {Uint32Array | null} */
  #buckets = null;
  #count = 0;
  #exceeds = 0;
  #totalMs = 0;
  #min = Infinity;
  #max = 0;
  #mean = 0;
  #squares = 0;

  /** @param {number} ms */
  add(ms) {
    this.#totalMs += ms;
    if (ms > this.#max) this.#max = ms;
    const us = Math.round(ms * 1000);
    if (us > MAX_US) {
      this.#exceeds += 1;
      return;
    }
    this.#buckets ??= new Uint32Array(BUCKETS);
    this.#buckets[indexOf(us)] += 1;
    this.#count += 1;
    if (ms < this.#min) this.#min = ms;
    // Welford's running mean and sum of squared differences.
    const delta = ms - this.#mean;
    this.#mean += delta / this.#count;
    this.#squares += delta * (ms - this.#mean);
  }

  get count() {
    return this.#count + this.#exceeds;
  }

  get totalMs() {
    return this.#totalMs;
  }

  /** @param {InstanceType<typeof TimeRecorder>} other takes it in as well */
  merge(other) {
    if (other.#buckets !== null) {
      this.#buckets ??= new Uint32Array(BUCKETS);
      for (let at = 0; at < BUCKETS; at += 1) this.#buckets[at] += other.#buckets[at];
    }
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
    return this;
  }

  /** @returns {import('../../index').PauseHistogramJson} */
  toJSON() {
    /** @type {[number, number][]} */
    const buckets = [];
    this.#buckets?.forEach((count, at) => { if (count > 0) buckets.push([highestOf(at) / 1000, count]); });
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

/** @param {number} us whole, at most an hour */
function indexOf(us) {
  if (us < EXACT_US) return us;
  const doublings = 31 - Math.clz32(us) - 6; // in [1, 25]
  return EXACT_US + (doublings - 1) * HALF + (us >>> doublings) - HALF;
}

/** @param {number} index */
function highestOf(index) {
  if (index < EXACT_US) return index;
  const doublings = Math.floor((index - EXACT_US) / HALF) + 1;
  return ((index - EXACT_US) % HALF + HALF + 1) * 2 ** doublings - 1;
}

module.exports = { TimeRecorder };
