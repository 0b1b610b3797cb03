'use strict';

// Leak, clean, or not known yet, from readings of the settled heap: a Theil–Sen slope whose 99 % interval is above the tolerance, a second half
// that grew more than half as fast as the first, and median changes above zero (one leap is no slope). Two additions, each for a case that this rule gets wrong:
//
// - Valleys. What is collected into batches and dropped makes a sawtooth, and its height makes any interval through all readings
//   wide. The readings right after each drop hold what stays and little else; their slope is taken where its interval is the narrower.
// - Floors. Theil–Sen shrugs off one leap among many readings, also if leaps are all that a leak consists of. So "clean" asks
//   besides that the least reading of the last third is not above that of the first by more than the tolerance.

/** Enough for a verdict where it is clear; the interval alone needs six. Who is accused is confirmed besides, over many times as many calls (./measure.js). */
const VERDICT_ROUNDS = 8;

/** Fewer valleys than this have no interval of 99 %. */
const MIN_VALLEYS = 6;

/** A fall by this share of all the variation around the trend ends a tooth. */
const TOOTH = 0.35;

/**
 * @typedef {{ median: number, low: number, high: number, isBounded: boolean }} Slope
 * @typedef {(xs: Float64Array, ys: Float64Array) => Slope | null} Estimate
 * @typedef {object} Judgement
 * @property {'leak' | 'clean' | 'levelling' | 'open'} verdict levelling: it grows ever more slowly; open: not known yet
 * @property {Slope} slope bytes per call
 * @property {number} swingBytes how far readings lie from the trend, from the lowest to the highest
 * @property {string} reason
 */

/**
 * @param {Float64Array} calls
 * @param {Float64Array} bytes
 * @param {number} toleranceBytes per call
 * @param {Estimate} estimate
 * @returns {Judgement}
 */
function judge(calls, bytes, toleranceBytes, estimate) {
  const all = estimate(calls, bytes) ?? { median: 0, low: -Infinity, high: Infinity, isBounded: false };
  const away = bytes.map((value, at) => value - all.median * calls[at]);
  const swingBytes = Math.max(...away) - Math.min(...away);
  let [xs, ys, slope] = [calls, bytes, all];
  const valleys = valleysOf(bytes, swingBytes);
  if (valleys.length >= MIN_VALLEYS) {
    const [vx, vy] = [Float64Array.from(valleys, (at) => calls[at]), Float64Array.from(valleys, (at) => bytes[at])];
    const along = estimate(vx, vy);
    if (along?.isBounded && along.high - along.low < all.high - all.low) [xs, ys, slope] = [vx, vy, along];
  }
  const found = (/** @type {Judgement['verdict']} */ verdict, /** @type {string} */ reason) => ({ verdict, slope, swingBytes, reason });

  if (!slope.isBounded) return found('open', 'too few rounds');
  if (slope.high <= toleranceBytes) {
    if (floorRate(calls, bytes) > toleranceBytes) return found('open', 'it grew in leaps');
    return found('clean', 'what a call leaves behind, if anything, is below the tolerance');
  }
  if (slope.low <= toleranceBytes) return found('open', 'the interval spans the tolerance');
  const half = xs.length >> 1;
  const [first, second] = [estimate(xs.subarray(0, half), ys.subarray(0, half)), estimate(xs.subarray(half), ys.subarray(half))];
  if (first && second && first.median > 0 && second.median <= first.median / 2) return found('levelling', 'it is levelling off');
  if (medianChange(ys, 1) <= 0 || medianChange(ys, 2) <= 0) return found('open', 'it grew in leaps');
  if (calls.length - 1 < VERDICT_ROUNDS) return found('open', 'too few rounds');
  return found('leak', 'not levelling off');
}

/**
 * The readings right after a tooth's fall.
 *
 * @param {Float64Array} bytes
 * @param {number} swingBytes
 */
function valleysOf(bytes, swingBytes) {
  const found = [];
  for (let at = 1; at < bytes.length; at += 1) {
    const isLower = bytes[at - 1] - bytes[at] >= TOOTH * swingBytes;
    if (isLower && !(at + 1 < bytes.length && bytes[at + 1] < bytes[at])) found.push(at);
  }
  return found;
}

/**
 * @param {Float64Array} calls
 * @param {Float64Array} bytes
 */
function floorRate(calls, bytes) {
  const third = Math.floor(bytes.length / 3);
  const least = (/** @type {Float64Array} */ part) => part.indexOf(Math.min(...part));
  const first = least(bytes.subarray(0, third));
  const last = bytes.length - third + least(bytes.subarray(-third));
  return (bytes[last] - bytes[first]) / (calls[last] - calls[first]);
}

/**
 * @param {Float64Array} bytes
 * @param {number} lag
 */
function medianChange(bytes, lag) {
  const changes = bytes.subarray(lag).map((value, at) => value - bytes[at]).sort();
  const middle = changes.length >> 1;
  return changes.length % 2 === 1 ? changes[middle] : (changes[middle - 1] + changes[middle]) / 2;
}

module.exports = { judge, VERDICT_ROUNDS };
