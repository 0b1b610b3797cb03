'use strict';

const { checkFields, spanAboveZero, whole } = require('./check.js');

/** @typedef {{ minSpanMs: number, minMajors: number, assist: { maxPauseMs: number, everyMs: number } | false }} LeakOptions */

/** A quarter of an hour is longer than most warm-ups. Shorter is quicker, and more often wrong about what varies slowly. */
const DEFAULT_MIN_SPAN_MS = 900_000;

/** Fewer major GCs than this show no trend. */
const DEFAULT_MIN_MAJORS = 6;

const FIELDS = { minSpanMs: spanAboveZero, minMajors: whole(1, 1_000_000), assist: checkAssist };

const ASSIST_FIELDS = { maxPauseMs: spanAboveZero, everyMs: spanAboveZero };

/**
 * Complete, as the options of a leak are replaced together; false: no events.
 *
 * @param {unknown} given
 * @param {string} option
 * @returns {LeakOptions | false}
 */
function checkLeak(given, option) {
  if (given === false) return false;
  const { minSpanMs = DEFAULT_MIN_SPAN_MS, minMajors = DEFAULT_MIN_MAJORS, assist = false } = checkFields(given, FIELDS, {
    path: option,
    example: '{ minSpanMs: 900_000 }, or false',
  });
  return { minSpanMs, minMajors, assist };
}

/**
 * @param {unknown} given
 * @param {string} option
 * @returns {LeakOptions['assist']}
 */
function checkAssist(given, option) {
  if (given === false) return false;
  const example = '{ maxPauseMs: 50, everyMs: 60_000 }, or false';
  const assist = checkFields(given, ASSIST_FIELDS, { path: option, example });
  // A budget that nobody set would be ours, and the pauses theirs: both are asked for.
  for (const name of /** @type {const} */ (['maxPauseMs', 'everyMs'])) ASSIST_FIELDS[name](assist[name], `${option}.${name}`);
  return { maxPauseMs: assist.maxPauseMs, everyMs: assist.everyMs };
}

/** What is in force where nobody said otherwise. */
const DEFAULT_LEAK = Object.freeze({ minSpanMs: DEFAULT_MIN_SPAN_MS, minMajors: DEFAULT_MIN_MAJORS, assist: /** @type {const} */ (false) });

module.exports = { checkLeak, DEFAULT_LEAK };
