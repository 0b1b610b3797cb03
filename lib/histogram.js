'use strict';

const { HeapwatchError, invalidOption } = require('./errors.js');
const { native } = require('./native.js');

/** @typedef {import('../index').PauseHistogramJson} Json */

const PERCENTILES = [50, 75, 90, 95, 99, 99.9, 100];

/**
 * A finished histogram of pauses, in milliseconds; the names are those of Node's own histograms
 * (`node:perf_hooks`). Buckets hold the highest value that they stand for, so a percentile is never
 * below the true one, and at most 0.1 % above it.
 */
class PauseHistogram {
  /** @type {[ms: number, count: number][] | string} ascending; text until somebody asks */
  #given;

  /** @param {Omit<Json, 'buckets'> & { buckets: Json['buckets'] | string }} json */
  constructor(json) {
    this.count = json.count;
    this.exceeds = json.exceeds;
    this.min = json.min;
    this.max = json.max;
    this.mean = json.mean;
    this.stddev = json.stddev;
    this.#given = json.buckets;
  }

  get #buckets() {
    if (typeof this.#given === 'string') this.#given = decode(this.#given);
    return this.#given;
  }

  /** @param {number} p in (0, 100] */
  percentile(p) {
    if (typeof p !== 'number' || !(p > 0 && p <= 100)) throw invalidOption('percentile', p, 'a number above 0 and at most 100');
    let below = this.exceeds;
    for (const [, count] of this.#buckets) below += count;
    // The epsilon keeps 99.9 % of 1000 at rank 999: binary fractions would make it 1000.
    let rank = Math.max(1, Math.ceil((p / 100) * below - 1e-9 * below));
    for (const [ms, count] of this.#buckets) {
      rank -= count;
      if (rank <= 0) return Math.min(ms, this.max);
    }
    return this.max; // nothing was recorded, or the rank falls among the pauses over an hour
  }

  get percentiles() {
    return new Map(PERCENTILES.map((p) => [p, this.percentile(p)]));
  }

  /** @returns {Json & { percentiles: Record<string, number> }} */
  toJSON() {
    const { count, exceeds, min, max, mean, stddev } = this;
    const percentiles = Object.fromEntries(PERCENTILES.map((p) => [`p${p}`, this.percentile(p)]));
    return { count, exceeds, min, max, mean, stddev, percentiles, buckets: this.#buckets };
  }

  /** @returns {string} */
  toHdrBase64() {
    const { binding, reason } = native();
    if (binding === null) throw new HeapwatchError('HEAPWATCH_UNSUPPORTED', `heapwatch: toHdrBase64() needs the native part. ${reason}`);
    const pairs = Float64Array.from(this.#buckets.flatMap(([ms, count]) => [Math.round(ms * 1e6), count]));
    return Buffer.from(binding.encodeHdr(pairs)).toString('base64');
  }

  /**
   * Buckets of one layout have the same bounds, so nothing is lost.
   *
   * @param {(ConstructorParameters<typeof PauseHistogram>[0] | { toJSON(): Json })[]} given
   */
  static merge(given) {
    if (!Array.isArray(given)) throw invalidOption('histograms', given, 'an array of histograms, or their JSON');
    const all = given.map((each) => {
      if (each instanceof PauseHistogram) return each;
      // One of another copy of this package is brought over as its JSON.
      return PauseHistogram.from('toJSON' in each ? each.toJSON() : each);
    });
    /** @type {Map<number, number>} */
    const counts = new Map();
    for (const each of all) for (const [ms, count] of each.#buckets) counts.set(ms, (counts.get(ms) ?? 0) + count);
    const buckets = [...counts].sort(([a], [b]) => a - b);
    const filled = all.filter(({ count, exceeds }) => count + exceeds > 0);
    /** @param {(each: PauseHistogram) => number} of */
    const sum = (of) => filled.reduce((total, each) => total + of(each), 0);
    const recorded = sum(({ count, exceeds }) => count + exceeds);
    return new PauseHistogram({
      count: sum(({ count }) => count),
      exceeds: sum(({ exceeds }) => exceeds),
      min: filled.length === 0 ? 0 : Math.min(...filled.map(({ min }) => min)),
      max: Math.max(0, ...filled.map(({ max }) => max)),
      mean: recorded === 0 ? 0 : sum(({ mean, count, exceeds }) => mean * (count + exceeds)) / recorded,
      stddev: deviation(buckets),
      buckets,
    });
  }

  /** @param {ConstructorParameters<typeof PauseHistogram>[0]} json */
  static from(json) {
    if (typeof json !== 'object' || json === null || !(Array.isArray(json.buckets) || typeof json.buckets === 'string')) {
      throw invalidOption('json', json, 'what PauseHistogram.toJSON() returned');
    }
    return new PauseHistogram(json);
  }
}

/**
 * Standard deviation, from the buckets, as the native part reckons it.
 *
 * @param {[ms: number, count: number][]} buckets
 */
function deviation(buckets) {
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return 0;
  const mean = buckets.reduce((sum, [ms, count]) => sum + ms * count, 0) / total;
  return Math.sqrt(buckets.reduce((sum, [ms, count]) => sum + (ms - mean) ** 2 * count, 0) / total);
}

/**
 * The native part's form: `nanoseconds:count`, separated by spaces.
 *
 * @param {string} text
 * @returns {[ms: number, count: number][]}
 */
function decode(text) {
  if (text === '') return [];
  return text.split(' ').map((bucket) => {
    const [ns, count] = bucket.split(':');
    return [Number(ns) / 1e6, Number(count)];
  });
}

module.exports = { PauseHistogram };
