'use strict';

const { bootstrap, mean, median } = require('../lib/statistics.js');
const { table } = require('../lib/table.js');

/** @typedef {import('./run').OverheadResult} OverheadResult */

const REFERENCE = 'PerformanceObserver';
const NATIVE_PEERS = ['@datadog/native-metrics', '@newrelic/native-metrics'];

const ALLOWED_US = 10;
const REQUIRED_BELOW_REFERENCE = 5;
const ALLOWED_OVER_NATIVE = 1.5;

/**
 * What a source costs, in µs of CPU per GC: by each round or pair.
 *
 * @param {OverheadResult} result
 * @param {string} source
 * @returns {number[]}
 */
function costsPerGc({ blocksUs, pairsUs, gcs }, source) {
  if (pairsUs) return pairsUs[source].flat().map(([without, watched]) => (watched - without) / gcs);
  const { none, [source]: runs } = /** @type {Record<string, number[][]>} */ (blocksUs);
  const total = (/** @type {number[]} */ blocks) => mean(blocks) * blocks.length;
  return runs.map((run, round) => (total(run) - total(none[round])) / gcs);
}

/**
 * @param {OverheadResult} result
 * @param {string} source
 */
function costPerGc(result, source) {
  const costs = costsPerGc(result, source);
  return { median: median(costs), medianInterval: bootstrap(costs, median), mean: mean(costs), meanInterval: bootstrap(costs, mean) };
}

/**
 * @param {OverheadResult} result
 * @returns {string}
 */
function overheadTable(result) {
  return result.usPerSecond ? idleTable(result) : gcTable(result);
}

/**
 * The goals, by the bounds: with statistics the cost must be shown to be small; without them it must not be shown to be
 * more than that of the cheapest native peer, for both are near what can be told apart from nothing.
 *
 * @param {OverheadResult} result
 * @returns {{ goal: string, met: boolean }[]}
 */
function goals(result) {
  if (!result.pairsUs) return []; // the other methods are too coarse
  const { medianInterval: [, most] } = costPerGc(result, 'heapwatch');
  const { medianInterval: [leastWithout] } = costPerGc(result, 'heapwatch, gcStatistics: false');
  const { medianInterval: [leastReference] } = costPerGc(result, REFERENCE);
  const native = Math.min(...NATIVE_PEERS.filter((peer) => result.pairsUs?.[peer]).map((peer) => costPerGc(result, peer).medianInterval[1]));
  return [
    { goal: `heapwatch at most ${ALLOWED_US} µs per GC`, met: most <= ALLOWED_US },
    { goal: `at least ${REQUIRED_BELOW_REFERENCE} × below ${REFERENCE}`, met: most * REQUIRED_BELOW_REFERENCE <= leastReference },
    { goal: `without statistics not more than ${ALLOWED_OVER_NATIVE} × the cheapest native peer`, met: leastWithout <= ALLOWED_OVER_NATIVE * native },
  ];
}

/** @param {OverheadResult} result */
function idleTable({ circumstances, usPerSecond = {}, errors }) {
  const rows = Object.entries(usPerSecond).map(([source, us]) => [source, (median(us) / 1e3).toFixed(2), (Math.min(...us) / 1e3).toFixed(2)]);
  const heading = `**idle**: Node ${circumstances.node}, ${usPerSecond.none.length} rounds; CPU ms a second of a process that does nothing else`;
  return [heading, '', table(['source', 'median', 'least'], rows), ...missing(errors)].join('\n');
}

/** @param {OverheadResult} result */
function gcTable(result) {
  const { circumstances, configuration, gcs, blocksUs, pairsUs } = result;
  const sources = Object.keys(pairsUs ?? blocksUs ?? {}).filter((source) => pairsUs || source !== 'none');
  const cost = Object.fromEntries(sources.map((source) => [source, costPerGc(result, source)]));
  const rows = sources.map((source) => [
    source,
    cost[source].median.toFixed(2), interval(cost[source].medianInterval),
    cost[source].mean.toFixed(2), interval(cost[source].meanInterval),
    source === 'none' ? '–' : ratio(cost[REFERENCE]?.median, cost[source]),
  ]);
  const sample = pairsUs ? `${pairsUs.none.length} processes, ${pairsUs.none[0].length} pairs each` : `${blocksUs?.none.length} rounds`;
  const heading = `**${configuration.method}${configuration.cold ? ', cold caches, heap of 100 MB' : ''}**: ` +
    `Node ${circumstances.node}, \`${configuration.flags.join(' ')}\`, ${sample}, ${Math.round(gcs)} GCs each; CPU µs per GC`;
  const verdicts = goals(result).map(({ goal, met }) => `\n${goal}: ${met ? 'met' : 'MISSED'}`);
  return [heading, '', table(['source', 'median', '95 %', 'mean', '95 %', `${REFERENCE} / it`], rows), ...missing(result.errors), ...verdicts].join('\n');
}

/** @param {Record<string, string>} errors */
const missing = (errors) => Object.entries(errors).map(([source, error]) => `\n${source}: ${error}`);

/** @param {[number, number]} bounds */
const interval = ([low, high]) => `${low.toFixed(2)} – ${high.toFixed(2)}`;

/**
 * @param {number | undefined} reference
 * @param {ReturnType<typeof costPerGc>} cost
 */
function ratio(reference, { median: value, medianInterval: [low, high] }) {
  if (reference === undefined) return '–';
  return low > 0 ? `${(reference / value).toFixed(1)} ×` : `> ${(reference / high).toFixed(0)} ×`; // not told apart from nothing
}

module.exports = { goals, overheadTable };
