'use strict';

const { invalidOption } = require('./errors.js');

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

  /** @param {ConstructorParameters<typeof PauseHistogram>[0]} json */
  static from(json) {
    if (typeof json !== 'object' || json === null || !(Array.isArray(json.buckets) || typeof json.buckets === 'string')) {
      throw invalidOption('json', json, 'what PauseHistogram.toJSON() returned');
    }
    return new PauseHistogram(json);
  }
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
