'use strict';

/**
 * Everything that can count this process's GCs, each behind the same two calls. A source's file is loaded where the
 * source is opened only: one that cannot load on this Node harms nobody else.
 *
 * @typedef {import('./tally').Tallies} Tallies
 * @typedef {{ read(): Tallies | Promise<Tallies>, close(): void }} OpenSource
 * @typedef {{ file: string, package?: string }} Source
 */

/** @type {Record<string, Source>} */
const SOURCES = {
  heapwatch: { file: './heapwatch' },
  'heapwatch, gcStatistics: false': { file: './heapwatch-without-statistics' },
  '@datadog/native-metrics': { file: './datadog', package: '@datadog/native-metrics' },
  '@newrelic/native-metrics': { file: './newrelic', package: '@newrelic/native-metrics' },
  'v8.GCProfiler': { file: './gc-profiler' },
  PerformanceObserver: { file: './perf-hooks' },
  'prom-client': { file: './prom-client', package: 'prom-client' },
  'OpenTelemetry runtime-node': { file: './opentelemetry', package: '@opentelemetry/instrumentation-runtime-node' },
};

/**
 * @param {string} name
 * @returns {OpenSource}
 */
function openSource(name) {
  return require(SOURCES[name].file).open();
}

/**
 * @param {string} name
 * @returns {{ opened: OpenSource } | { error: string }} the error's first line where the source does not load on this Node
 */
function tryOpenSource(name) {
  try {
    return { opened: openSource(name) };
  } catch (error) {
    return { error: String(/** @type {Error} */ (error).message).split('\n')[0] };
  }
}

/** @returns {Record<string, string>} the packages' versions, by source */
function versions() {
  return Object.fromEntries(Object.entries(SOURCES).flatMap(([name, source]) =>
    source.package ? [[name, require(`../../node_modules/${source.package}/package.json`).version]] : []));
}

module.exports = { SOURCES, openSource, tryOpenSource, versions };
