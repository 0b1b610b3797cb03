'use strict';

const { TimeStatistics } = require('../time-statistics.js');

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
  #statistics = new TimeStatistics();

  /** @param {number} ms */
  add(ms) {
    const us = this.#statistics.add(ms);
    if (us === null) return;
    this.#buckets ??= new Uint32Array(BUCKETS);
    this.#buckets[indexOf(us)] += 1;
  }

  get count() {
    return this.#statistics.count;
  }

  get totalMs() {
    return this.#statistics.totalMs;
  }

  /** @param {InstanceType<typeof TimeRecorder>} other takes it in as well */
  merge(other) {
    if (other.#buckets !== null) {
      this.#buckets ??= new Uint32Array(BUCKETS);
      for (let at = 0; at < BUCKETS; at += 1) this.#buckets[at] += other.#buckets[at];
    }
    this.#statistics.merge(other.#statistics);
    return this;
  }

  /** @returns {import('../../index').PauseHistogramJson} */
  toJSON() {
    /** @type {[number, number][]} */
    const buckets = [];
    this.#buckets?.forEach((count, at) => { if (count > 0) buckets.push([highestOf(at) / 1000, count]); });
    return this.#statistics.toJSON(buckets);
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
