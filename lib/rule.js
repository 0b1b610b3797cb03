'use strict';

const { bytes, checkFields, matching, span } = require('./check.js');
const { HeapwatchError, invalidOption } = require('./errors.js');

/** @typedef {import('../index').Threshold} Threshold */
/** @typedef {import('./source/source').Limits} Limits */

/**
 * A rule as it is worked with.
 *
 * @typedef {object} Rule
 * @property {Threshold} given as the caller wrote it
 * @property {Limits} limits sizes in bytes; only the fields that were given
 * @property {number} forMs
 * @property {number} cooldownMs
 * @property {boolean} log
 * @property {boolean} snapshot
 */

/** What is over its limit stays so for a while; a rule that fires more than once a minute is read by nobody. */
const DEFAULT_COOLDOWN_MS = 60_000;

const ratio = matching((value) => typeof value === 'number' && value > 0 && value <= 1, 'a ratio above 0, at most 1');

/** What can have a limit, with its check. */
const LIMITS = {
  maxHeapUsedBytes: bytes,
  maxUsedRatio: ratio,
  maxRssBytes: bytes,
  maxExternalBytes: bytes,
  maxGcPauseMs: matching((value) => typeof value === 'number' && value > 0 && value <= 3_600_000, 'a number of milliseconds above 0, at most 3600000 (an hour)'),
  maxGcTimeRatio: ratio,
  maxGrowthBytesPerSecond: matching((value) => typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER, 'a number of bytes a second, 0 or more'),
};

const FIELDS = { ...LIMITS, forMs: span, cooldownMs: span, action: checkAction };

/** @type {readonly (keyof Limits)[]} */
const LIMIT_NAMES = Object.freeze(/** @type {any} */ (Object.keys(LIMITS)));

/**
 * @param {unknown} given
 * @param {string} option
 * @returns {Rule}
 */
function checkRule(given, option) {
  const { forMs = 0, cooldownMs = DEFAULT_COOLDOWN_MS, action = [], ...limits } = checkFields(given, FIELDS, {
    path: option,
    example: "{ maxRssBytes: '512MB' }",
  });
  if (Object.keys(limits).length === 0) throw invalidOption(option, given, `a rule with a limit at least: one of ${LIMIT_NAMES.join(', ')}`);
  return { given: /** @type {Threshold} */ (given), limits, forMs, cooldownMs, log: action.includes('log'), snapshot: action.includes('snapshot') };
}

/**
 * @param {unknown} given
 * @param {string} option
 * @returns {Rule[]}
 */
function checkRules(given, option) {
  if (!Array.isArray(given)) throw invalidOption(option, given, "an array of rules, such as [{ maxRssBytes: '512MB' }]");
  return Array.from(given, (rule, i) => checkRule(rule, `${option}[${i}]`));
}

/**
 * @param {unknown} given
 * @param {string} option
 */
function checkAction(given, option) {
  const known = ['log', 'snapshot', 'blackbox'];
  const actions = Array.isArray(given) ? Array.from(given) : [undefined];
  if (!actions.every((action) => known.includes(action))) throw invalidOption(option, given, "an array of 'log', 'snapshot', 'blackbox'");
  const missing = actions.find((action) => action === 'blackbox');
  if (missing !== undefined) {
    throw new HeapwatchError('HEAPWATCH_UNSUPPORTED', `heapwatch: ${option} has '${missing}', which this version cannot do yet. Leave it out; 'log' and 'snapshot' work.`);
  }
  return actions;
}

module.exports = { checkRule, checkRules, LIMIT_NAMES };
