'use strict';

// Other rules, each as its users know it, for the same recordings. A series is [seconds, bytes][]: live memory after each major GC.

/** As many as our own rule asks for: with fewer none of them is asked. */
const FEWEST = 6;

/**
 * memwatch and its descendants: a leak is five major GCs in a row, each with more than the one before.
 *
 * @param {[number, number][]} series
 */
function fiveRises(series) {
  let rises = 0;
  return series.some(([, bytes], i) => {
    rises = i > 0 && bytes > series[i - 1][1] ? rises + 1 : 0;
    return rises >= 5;
  });
}

/**
 * The Mann–Kendall test alone: one-sided p < .05, plain variance with ties.
 *
 * @param {[number, number][]} series
 */
function mannKendall(series) {
  const n = series.length;
  if (n < FEWEST) return false;
  let s = 0;
  for (let i = 0; i < n; i += 1) for (let j = i + 1; j < n; j += 1) s += Math.sign(series[j][1] - series[i][1]);
  /** @type {Map<number, number>} */
  const ties = new Map();
  for (const [, bytes] of series) ties.set(bytes, (ties.get(bytes) ?? 0) + 1);
  const tied = [...ties.values()].reduce((sum, t) => sum + t * (t - 1) * (2 * t + 5), 0);
  const variance = (n * (n - 1) * (2 * n + 5) - tied) / 18;
  return (s - Math.sign(s)) / Math.sqrt(variance) > 1.6449;
}

/**
 * Least squares: a rising line that explains more than 80 % of the variance.
 *
 * @param {[number, number][]} series
 */
function leastSquares(series) {
  const n = series.length;
  if (n < FEWEST) return false;
  const meanX = series.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = series.reduce((sum, [, y]) => sum + y, 0) / n;
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (const [x, y] of series) {
    xx += (x - meanX) ** 2;
    xy += (x - meanX) * (y - meanY);
    yy += (y - meanY) ** 2;
  }
  return xy > 0 && xy ** 2 / (xx * yy) > 0.8;
}

module.exports = { fiveRises, mannKendall, leastSquares };
