'use strict';

// What routes took, as metrics.

/** @typedef {import('../../index').RouteTiming} RouteTiming */
/** @typedef {import('../exporters/family').MetricFamily} MetricFamily */

/** Of a duration's buckets, in seconds: prom-client's own defaults, and two below them. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * @param {RouteTiming[]} routes
 * @param {string} prefix
 * @returns {MetricFamily[]}
 */
function requestFamilies(routes, prefix) {
  /**
   * @param {string} name
   * @param {string} help
   * @param {(timing: RouteTiming) => number | null | undefined} value
   * @returns {MetricFamily}
   */
  const counter = (name, help, value) => ({
    name: `${prefix}heapwatch_${name}`, type: 'counter', help,
    samples: routes.flatMap((timing) => [value(timing)].filter((given) => given != null).map((given) => ({ suffix: '_total', labels: [['route', timing.route]], value: given }))),
  });
  return [
    {
      name: `${prefix}heapwatch_request_duration_seconds`,
      type: 'histogram',
      help: 'From the middleware to the response\'s close; stopped="true": of the requests that a GC stopped.',
      samples: routes.flatMap(({ route, durationWithGc, durationWithoutGc }) => [...histogram(route, 'true', durationWithGc), ...histogram(route, 'false', durationWithoutGc)]),
    },
    counter('request_gc_seconds', 'For how long GC stopped requests; a pause counts for each request that was on its way.', ({ gc }) => gc.totalMs / 1000),
    counter('request_aborted', 'Requests whose client went before the end.', ({ aborted }) => aborted),
    counter('request_allocation_samples', 'Requests at which allocation was counted.', ({ allocation }) => allocation?.counted),
    counter('request_allocation_sampled_bytes', 'What the heap grew by on behalf of these, estimated where they were not alone.', ({ allocation }) => allocation && allocation.bytesPerRequest * allocation.counted),
  ];
}

/**
 * @param {string} route
 * @param {string} stopped
 * @param {import('../../index').PauseHistogram} times
 */
function histogram(route, stopped, times) {
  const { buckets, count, exceeds, mean } = times.toJSON();
  const labels = /** @type {[string, string][]} */ ([['route', route], ['stopped', stopped]]);
  const all = count + exceeds;
  const upTo = BOUNDS.map(() => 0);
  for (const [ms, many] of buckets) for (const [at, bound] of BOUNDS.entries()) if (ms <= bound * 1000) upTo[at] += many;
  return [
    ...BOUNDS.map((bound, at) => ({ suffix: '_bucket', labels: /** @type {[string, string][]} */ ([['le', String(bound)], ...labels]), value: upTo[at] })),
    { suffix: '_bucket', labels: /** @type {[string, string][]} */ ([['le', '+Inf'], ...labels]), value: all },
    { suffix: '_sum', labels, value: (mean * count) / 1000 },
    { suffix: '_count', labels, value: all },
  ];
}

module.exports = { requestFamilies };
