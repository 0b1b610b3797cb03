'use strict';

const { checkFields, flag } = require('../check.js');
const { DISPOSE } = require('../dispose.js');
const { invalidOption } = require('../errors.js');
const { demand, find } = require('../running.js');
const { FAMILIES } = require('../requests/symbol.js');
const { METRICS_FIELDS } = require('./metrics-options.js');

/** @typedef {import('./family').MetricFamily} MetricFamily */

const { names, prefix, requests } = METRICS_FIELDS;
const FIELDS = { names, prefix, requests, replace: flag };

/**
 * How the processes of a cluster are taken together, by the end of a name; the others are added up. prom-client knows 'sum', 'first',
 * 'min', 'max', 'average' and 'omit'.
 *
 * @type {[RegExp, string][]}
 */
const AGGREGATORS = [
  [/_ratio$|sample_age_seconds$/, 'max'],
  [/container_limit_bytes$/, 'first'],
  [/limit_seconds$/, 'min'],
];

/**
 * Adds heapwatch's metrics to a registry of prom-client or @prometheus-io/client. Nothing is counted twice or lost between scrapes: each
 * scrape asks the running watcher, once.
 *
 * @param {import('../../index').PrometheusRegistry} registry
 * @param {import('../../index').InstrumentPrometheusOptions} [options]
 */
function instrumentPrometheus(registry, options = {}) {
  if (typeof registry?.registerMetric !== 'function' || typeof registry.removeSingleMetric !== 'function') {
    throw invalidOption('registry', registry, 'a Registry of prom-client or @prometheus-io/client');
  }
  const { prefix: before = '', names: whose, replace = false, requests: timing } = checkFields(options, FIELDS, { example: "{ prefix: 'shop_' }" });
  demand('instrumentPrometheus');
  // A watcher that was stopped has no samples: the application's other metrics must still be scraped.
  const ask = () => [
    ...find()?.metricFamilies({ promClient: whose === 'prom-client', prefix: before }) ?? [],
    ...(/** @type {any} */ (timing)?.[FAMILIES](before)) ?? [],
  ];
  const collect = oncePerScrape(ask);
  /** @type {string[]} */
  const registered = [];
  const dispose = () => {
    for (const name of registered.splice(0)) registry.removeSingleMetric(name);
  };
  try {
    for (const family of ask()) {
      if (replace) registry.removeSingleMetric(shownName(family));
      registry.registerMetric(metric(family, collect));
      registered.push(shownName(family));
    }
  } catch (error) {
    dispose(); // a name that is taken: none or all
    throw error;
  }
  return { dispose, [DISPOSE]: dispose };
}

/**
 * A metric as both clients keep them: they ask `get()` for its values at each scrape.
 *
 * @param {MetricFamily} family
 * @param {() => MetricFamily[]} collect
 */
function metric({ name, type, help }, collect) {
  const aggregator = AGGREGATORS.find(([names]) => names.test(name))?.[1] ?? 'sum';
  const shown = shownName({ name, type });
  return {
    name: shown,
    help,
    type,
    aggregator,
    labelNames: [],
    async get() {
      const samples = collect().find((family) => family.name === name)?.samples ?? [];
      const values = samples.map(({ suffix, labels, value }) => ({
        value,
        labels: Object.fromEntries(labels),
        ...(type === 'histogram' && { metricName: `${name}${suffix}` }),
      }));
      return { name: shown, help, type, aggregator, values };
    },
    reset() {}, // what V8 did cannot be taken back
  };
}

/** Both clients want a counter's name as it is shown. @param {{ name: string, type: string }} family */
function shownName({ name, type }) {
  return type === 'counter' ? `${name}_total` : name;
}

/**
 * A scrape asks every metric in turn, before it waits for the first: what was collected serves them all.
 *
 * @template T
 * @param {() => T} collect
 * @returns {() => T}
 */
function oncePerScrape(collect) {
  /** @type {T | undefined} */
  let collected;
  return () => {
    if (collected === undefined) {
      collected = collect();
      queueMicrotask(() => { collected = undefined; });
    }
    return collected;
  };
}

module.exports = { instrumentPrometheus };
