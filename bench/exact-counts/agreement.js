'use strict';

/** A pause agrees within 0.1 ms or 5 % of the traced one, whichever is larger. */
const TOLERANCE_MS = 0.1;
const TOLERANCE_RATIO = 0.05;

/** So many of a hundred pauses must agree. */
const REQUIRED_PERCENT = 99;

/**
 * The two records of one kind of collection, in the order they happened. Where one has a single collection more, the
 * place is taken where leaving it out makes the rest fit best.
 *
 * @param {number[]} traced    ms
 * @param {number[]} recorded  ms
 * @returns {[traced: number, recorded: number][]}
 */
function pair(traced, recorded) {
  if (traced.length === recorded.length) return traced.map((ms, i) => [ms, recorded[i]]);
  if (traced.length === recorded.length + 1) return pairWithoutOne(recorded, traced).map(([ms, other]) => [other, ms]);
  if (recorded.length === traced.length + 1) return pairWithoutOne(traced, recorded);
  return []; // the counts are off: nothing to compare
}

/**
 * @param {number[]} shorter
 * @param {number[]} longer  one more
 * @returns {[number, number][]}
 */
function pairWithoutOne(shorter, longer) {
  // Moving the gap by one place changes one pair only, so one pass finds the best place.
  let misfit = 0;
  let least = 0;
  let gap = 0;
  for (let i = 0; i < shorter.length; i++) {
    misfit += Math.abs(shorter[i] - longer[i]) - Math.abs(shorter[i] - longer[i + 1]);
    if (misfit < least) {
      least = misfit;
      gap = i + 1;
    }
  }
  return shorter.map((ms, i) => [ms, longer[i < gap ? i : i + 1]]);
}

/**
 * @param {number} traced
 * @param {number} recorded
 */
function agrees(traced, recorded) {
  return Math.abs(recorded - traced) <= Math.max(TOLERANCE_MS, traced * TOLERANCE_RATIO);
}

/**
 * @typedef {{ minor: number[], major: number[] }} PausesMs
 *
 * @param {{ alone: boolean, traced: PausesMs, recorded: PausesMs }} mode
 * @returns {{ difference: { minor: number, major: number }, compared: number, percent: number, medianDifferenceMs: number, countsAgree: boolean, good: boolean }}
 */
function judge({ alone, traced, recorded }) {
  const pairs = [...pair(traced.minor, recorded.minor), ...pair(traced.major, recorded.major)];
  const differences = pairs.map(([ms, other]) => other - ms).sort((a, b) => a - b);
  const percent = 100 * pairs.filter(([ms, other]) => agrees(ms, other)).length / pairs.length;
  const difference = { minor: recorded.minor.length - traced.minor.length, major: recorded.major.length - traced.major.length };
  const countsAgree = Math.abs(difference.minor) + Math.abs(difference.major) <= 1;
  return {
    difference,
    compared: pairs.length,
    percent,
    medianDifferenceMs: differences[differences.length >> 1],
    countsAgree,
    good: countsAgree && (percent >= REQUIRED_PERCENT || !alone),
  };
}

module.exports = { judge, pair, REQUIRED_PERCENT };
