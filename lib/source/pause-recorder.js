'use strict';

const { TimeStatistics } = require('../time-statistics.js');

/**
 * Counts pauses of one kind in buckets of at most 0.1 % width, from 1 µs to 1 h: the layout of
 * HdrHistogram with three digits. Values below 2048 µs have a bucket each; above, each power of two is
 * cut into 1024. At most 23,000 buckets can ever exist, and only those hit do.
 */
class PauseRecorder {
  /** @type {Map<number, number>} highest value of the bucket in µs → count */
  #buckets = new Map();
  #statistics = new TimeStatistics();

  /** @param {number} ms */
  add(ms) {
    const us = this.#statistics.add(ms);
    if (us === null) return;
    const highest = highestInBucket(us);
    this.#buckets.set(highest, (this.#buckets.get(highest) ?? 0) + 1);
  }

  /** @returns {import('./source').ReportJson['gc']['all']} */
  toGcKind() {
    const { count, totalMs } = this.#statistics;
    const buckets = [...this.#buckets].sort(([a], [b]) => a - b);
    return { count, totalMs, freedBytes: 0, pause: this.#statistics.toJSON(buckets.map(([us, hits]) => [us / 1000, hits])) };
  }
}

/** @param {number} us */
function highestInBucket(us) {
  if (us < 2048) return us;
  const width = 2 ** (Math.floor(Math.log2(us)) - 10);
  return Math.floor(us / width) * width + width - 1;
}

module.exports = { PauseRecorder };
