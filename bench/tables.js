'use strict';

const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const { assertionsTable } = require('./assertions/summary.js');
const { compareTable } = require('./assertions-compare/summary.js');
const { blockedTable } = require('./blocked/summary.js');
const { countsTable, verdictLine } = require('./exact-counts/summary.js');
const { expressTable } = require('./express/summary.js');
const { heapTable } = require('./heap/summary.js');
const { readResults } = require('./lib/results.js');
const { lifecycleTable } = require('./lifecycle/summary.js');
const { oomTable } = require('./oom/summary.js');
const { overheadTable } = require('./overhead/summary.js');
const { requestTimingTable } = require('./request-timing/summary.js');
const { scrapeTables } = require('./scrape/summary.js');
const { snapshotTable } = require('./snapshot/summary.js');
const { latencyTable } = require('./snapshot-latency/summary.js');
const { stressTable } = require('./snapshot-stress/summary.js');

/**
 * The tables of docs/benchmarks.md from the raw results, printed; with --write also put in their places there, which are
 * marked `<!-- name -->` … `<!-- /name -->`.
 */
const TABLES = {
  'exact-counts': (/** @type {import('./exact-counts/run').CountsResult[]} */ results) => results.flatMap(({ circumstances, modes }) =>
    Object.entries(modes).map(([mode, result]) =>
      `**Node ${circumstances.node}, ${mode}**, ${(result.ms / 1e3).toFixed(1)} s\n\n${countsTable(result)}\n\n${verdictLine(result)}`)).join('\n\n'),
  overhead: (/** @type {any[]} */ results) => results.map(overheadTable).join('\n\n'),
  express: expressTable,
  'request-timing': requestTimingTable,
  blocked: blockedTable,
  scrape: scrapeTables,
  lifecycle: lifecycleTable,
  heap: heapTable,
  snapshot: snapshotTable,
  'snapshot-latency': latencyTable,
  'snapshot-stress': stressTable,
  assertions: assertionsTable,
  'assertions-compare': compareTable,
  oom: oomTable,
};

const DOCUMENT = path.join(__dirname, '..', 'docs', 'benchmarks.md');

function main() {
  let text = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : '';
  for (const [name, format] of Object.entries(TABLES)) {
    const results = readResults(path.join(__dirname, name));
    if (results.length === 0) continue;
    const formatted = format(results);
    console.log(`${formatted}\n`);
    text = text.replace(new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`), (_, open, close) => `${open}\n${formatted}\n\n${close}`);
  }
  if (process.argv.includes('--write')) writeFileSync(DOCUMENT, text);
}

main();
