'use strict';

const { checkFields, matching } = require('../check.js');
const { invalidOption } = require('../errors.js');
const { FAMILIES } = require('../requests/symbol.js');

/** @typedef {import('./family').MetricFamily} MetricFamily */

/**
 * @typedef {{ openMetrics: boolean, promClient: boolean, prefix: string, labels: string[] }} CheckedMetricsOptions
 *
 * @typedef {{ (): void, [FAMILIES]: (prefix: string) => MetricFamily[] }} Requests  what requestTiming() returned
 */

/** Names that the samples already carry. */
const TAKEN = ['bound', 'kind', 'le', 'quantile', 'space', 'thread', 'verdict', 'window'];

const prefix = matching((value) => typeof value === 'string' && /^([a-zA-Z_:][a-zA-Z0-9_:]*)?$/.test(value), "a text that a metric's name may begin with, such as 'shop_'");

/** With `requests`, these, too. */
const TAKEN_BY_REQUESTS = ['route', 'stopped'];

const requests = matching((value) => typeof value === 'function' && typeof (/** @type {any} */ (value)[FAMILIES]) === 'function', 'what requestTiming() returned');

const FIELDS = {
  format: matching((value) => value === 'prometheus' || value === 'openmetrics', "'prometheus' or 'openmetrics'"),
  names: matching((value) => value === 'heapwatch' || value === 'prom-client', "'heapwatch' or 'prom-client'"),
  prefix,
  labels: checkLabels,
  requests,
};

/**
 * @param {unknown} [given]
 * @returns {CheckedMetricsOptions & { requests?: Requests }}
 */
function checkMetricsOptions(given = {}) {
  const { format, names, prefix: before = '', labels = {}, requests: timing } = checkFields(given, FIELDS, { example: "{ format: 'openmetrics' }" });
  const taken = timing && TAKEN_BY_REQUESTS.find((name) => Object.hasOwn(labels, name));
  if (taken) throw invalidOption(`labels.${taken}`, labels[taken], `named otherwise: ${TAKEN_BY_REQUESTS.join(' and ')} are those of requests`);
  return { openMetrics: format === 'openmetrics', promClient: names === 'prom-client', prefix: before, labels: Object.entries(labels).flat(), requests: timing };
}

/**
 * @param {unknown} value
 * @param {string} option
 * @returns {Record<string, string>}
 */
function checkLabels(value, option) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidOption(option, value, "an object of texts, such as { pod: 'a' }");
  return Object.fromEntries(Object.entries(value).map(([name, text]) => {
    const full = `${option}.${name}`;
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) || name.startsWith('__')) throw invalidOption(full, text, 'named with letters, digits and _, not beginning with a digit or __');
    if (TAKEN.includes(name)) throw invalidOption(full, text, `named otherwise: ${TAKEN.join(', ')} are heapwatch's own`);
    if (typeof text !== 'string' && typeof text !== 'number') throw invalidOption(full, text, 'a text or a number');
    return [name, String(text)];
  }));
}

module.exports = { checkMetricsOptions, METRICS_FIELDS: FIELDS };
