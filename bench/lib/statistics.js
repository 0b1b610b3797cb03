'use strict';

const { random } = require('../../__test__/corpus/support.js');

/**
 * @param {number[]} values
 * @param {number} q  in [0, 1]
 * @returns {number}
 */
function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

/** @param {number[]} values */
const median = (values) => quantile(values, 0.5);

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * @template T
 * @param {T[]} items
 * @param {() => number} next
 * @returns {T[]} a new array
 */
function shuffle(items, next) {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}

/**
 * Percentile bootstrap of a statistic of independent values.
 *
 * @param {number[]} values
 * @param {(values: number[]) => number} statistic
 * @param {{ level?: number, rounds?: number, seed?: number }} [options]
 * @returns {[number, number]} the two-sided interval
 */
function bootstrap(values, statistic, { level = 0.95, rounds = 5_000, seed = 1 } = {}) {
  const next = random(seed);
  const estimates = Array.from({ length: rounds }, () =>
    statistic(values.map(() => values[Math.floor(next() * values.length)])));
  return [quantile(estimates, (1 - level) / 2), quantile(estimates, (1 + level) / 2)];
}

module.exports = { quantile, median, mean, random, shuffle, bootstrap };
