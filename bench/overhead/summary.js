'use strict';

const { bootstrap, mean, median } = require('../lib/statistics');
const { table } = require('../lib/table');

/** @typedef {import('./run').OverheadResult} OverheadResult */

/**
 * What a source costs per GC: its CPU less that of the run without any source in the same round.
 * `total` counts every block, bursts of other work on the machine too; `typical` takes each run's median block.
 *
 * @param {OverheadResult} result
 * @param {string} source
 */
function costPerGc({ blocksUs, gcs }, source) {
  const blocks = blocksUs.none[0].length;
  const differences = (/** @type {(blocks: number[]) => number} */ statistic) => blocksUs[source].map((run, round) =>
    (statistic(run) - statistic(blocksUs.none[round])) * blocks / gcs);
  const total = differences(mean);
  const typical = differences(median);
  return {
    total: median(total),
    totalInterval: bootstrap(total, median),
    typical: median(typical),
    typicalInterval: bootstrap(typical, median),
    least: (Math.min(...blocksUs[source].map(mean)) - Math.min(...blocksUs.none.map(mean))) * blocks / gcs,
  };
}

/**
 * @param {OverheadResult} result
 * @returns {string}
 */
function overheadTable(result) {
  const sources = Object.keys(result.blocksUs).filter((source) => source !== 'none');
  const reference = sources.includes('PerformanceObserver') ? costPerGc(result, 'PerformanceObserver').typical : NaN;
  const rows = sources.map((source) => {
    const cost = costPerGc(result, source);
    return [
      source,
      cost.total.toFixed(1), interval(cost.totalInterval),
      cost.typical.toFixed(1), interval(cost.typicalInterval),
      cost.least.toFixed(1),
      ratio(reference / cost.typical),
    ];
  });
  const heading = `Node ${result.circumstances.node}, ${result.flags.join(' ')}: ${result.gcs} GCs a run, ${result.blocksUs.none.length} rounds, CPU µs per GC`;
  const head = ['source', 'all blocks', '95 %', 'median block', '95 %', 'least run', 'PerformanceObserver / it'];
  const missing = Object.entries(result.errors).map(([source, error]) => `\n${source}: does not run here: ${error}`);
  return [heading, '', table(head, rows), ...missing].join('\n');
}

/** @param {[number, number]} bounds */
const interval = ([low, high]) => `${low.toFixed(1)} – ${high.toFixed(1)}`;

/** @param {number} value */
const ratio = (value) => Number.isFinite(value) && value > 0 ? `${value.toFixed(1)} ×` : '–';

module.exports = { costPerGc, overheadTable };
