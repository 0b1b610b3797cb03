'use strict';
// Draws docs/snapshot-latency.svg from the raw results.

const { writeFileSync } = require('node:fs');
const path = require('node:path');

const { readResults } = require('../lib/results.js');

/** @typedef {import('./run').LatencyResult} LatencyResult */

const FILE = path.join(__dirname, '..', '..', 'docs', 'snapshot-latency.svg');

async function main() {
  const { compile } = await import('vega-lite');
  const { parse, View } = await import('vega');
  /** @type {LatencyResult} */
  const { circumstances, mb, ways } = readResults(__dirname).at(-1);
  const { spec } = compile({
    title: { text: `The slowest answer in each tenth of a second, while a snapshot of ${mb} MB is taken`, subtitle: `Express, 200 requests a second, Node ${circumstances.node}`, anchor: 'start' },
    background: 'white', width: 760, height: 280, padding: 12,
    data: { values: ways.flatMap(({ way, worst }) => worst.map(([sinceMs, latencyMs]) => ({ way: way === 'fork' ? 'heapwatch.snapshot()' : 'v8.writeHeapSnapshot()', seconds: sinceMs / 1e3, latencyMs: Math.max(latencyMs, 0.5) }))) },
    mark: { type: 'point', filled: true, size: 16, opacity: 0.7 },
    encoding: {
      x: { field: 'seconds', type: 'quantitative', title: 'request sent, seconds after the snapshot began', scale: { nice: false } },
      y: { field: 'latencyMs', type: 'quantitative', title: 'latency, ms', scale: { type: 'log' }, axis: { values: [1, 10, 100, 1_000, 10_000, 100_000] } },
      color: { field: 'way', type: 'nominal', title: null, scale: { domain: ['v8.writeHeapSnapshot()', 'heapwatch.snapshot()'], range: ['#c2410c', '#0f766e'] }, legend: { orient: 'top-right', fillColor: 'white', labelLimit: 300 } },
      shape: { field: 'way', type: 'nominal', title: null, scale: { domain: ['v8.writeHeapSnapshot()', 'heapwatch.snapshot()'], range: ['triangle-up', 'circle'] } },
    },
    config: { font: 'system-ui, sans-serif', axis: { gridColor: '#e5e7eb', labelColor: '#374151', titleColor: '#374151', titleFontWeight: 500 } },
  });
  writeFileSync(FILE, `${await new View(parse(spec), { renderer: 'none' }).toSVG()}\n`);
}

main();
