'use strict';

const { parseArgs } = require('node:util');

const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances, writeResult } = require('../lib/results.js');
const { versions } = require('../lib/sources/index.js');
const { measureIdle } = require('./idle.js');
const { measureProcesses } = require('./processes.js');
const { goals, overheadTable } = require('./summary.js');
const { measureToggled } = require('./toggled.js');

/** A young generation of 1 MB: as many GCs as can be had. */
const FLAGS = ['--max-semi-space-size=1'];

/** V8's helper threads make CPU time noisy on few cores; without them the work is the same, on one thread. */
const ONE_THREAD = [...FLAGS, '--single-threaded-gc'];

/**
 * @typedef {{ name: string, method: keyof typeof METHODS, flags: string[], cold: boolean }} Configuration
 *
 * @typedef {object} OverheadResult
 * @property {ReturnType<typeof circumstances>} circumstances
 * @property {Configuration} configuration
 * @property {Record<string, string>} versions
 * @property {number} gcs                          in each run or half of a pair, counted by --trace-gc without any source
 * @property {Record<string, string>} errors       why a source did not run
 * @property {Record<string, number[][]>} [blocksUs]  processes: CPU of each block of each round, by source
 * @property {Record<string, number[][][]>} [pairsUs] toggled: CPU without and with, of each pair of each process, by source
 * @property {Record<string, number[]>} [usPerSecond] idle: CPU of each round, by source
 */

/** How to measure, and how often a full run does it. */
const METHODS = {
  toggled: { measure: measureToggled, rounds: 10 },
  processes: { measure: measureProcesses, rounds: 25 },
  idle: { measure: measureIdle, rounds: 5 },
};

/** @type {Configuration[]} */
const CONFIGURATIONS = [
  { name: '1-toggled', method: 'toggled', flags: ONE_THREAD, cold: false },
  { name: '2-toggled-cold', method: 'toggled', flags: ONE_THREAD, cold: true },
  { name: '3-processes', method: 'processes', flags: ONE_THREAD, cold: false },
  { name: '4-processes-default-threads', method: 'processes', flags: FLAGS, cold: false },
  { name: '5-idle', method: 'idle', flags: [], cold: false },
];

async function main() {
  const { values } = parseArgs({
    options: {
      node: { type: 'string', multiple: true },
      only: { type: 'string' },
      rounds: { type: 'string' },
      seed: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
    },
  });
  const binaries = nodeBinaries(values.node);
  const node = binaries.find(({ major }) => major === '24') ?? binaries[0];
  for (const configuration of CONFIGURATIONS.filter(({ name }) => name.includes(values.only ?? ''))) {
    const { name } = configuration;
    const { measure, rounds: usual } = METHODS[configuration.method];
    const rounds = Number(values.rounds ?? (values.quick ? 2 : usual));
    /** @type {OverheadResult} */
    const result = {
      circumstances: circumstances(node),
      configuration,
      versions: versions(),
      ...await measure({ ...configuration, node: node.path, rounds, seed: Number(values.seed), quick: values.quick }),
    };
    console.log(`\n${overheadTable(result)}`);
    if (values.quick) continue; // too few rounds to judge by
    writeResult(__dirname, name, result);
    if (goals(result).some(({ met }) => !met)) process.exitCode = 1;
  }
}

main();
