'use strict';

const path = require('node:path');
const { parseArgs } = require('node:util');

const { runChild, runChildToSuccess } = require('../lib/child');
const { nodeBinaries } = require('../lib/node-binaries');
const { circumstances, writeResult } = require('../lib/results');
const { SOURCES, versions } = require('../lib/sources');
const { random, shuffle } = require('../lib/statistics');
const { parseTraceGc } = require('../lib/trace-gc');
const { overheadTable } = require('./summary');

const CHILD = path.join(__dirname, 'child.js');
const NONE = 'none';

/** V8's helper threads make CPU time noisy on few cores, so the first table does without them; the second is V8 as it comes. */
const CONFIGURATIONS = {
  'single-threaded-gc': ['--max-semi-space-size=1', '--single-threaded-gc'],
  'default-threads': ['--max-semi-space-size=1'],
};

/**
 * @typedef {object} OverheadResult
 * @property {ReturnType<typeof circumstances>} circumstances
 * @property {string} configuration
 * @property {string[]} flags
 * @property {Record<string, string>} versions
 * @property {number} gcs                            in one run without any source, counted by --trace-gc
 * @property {Record<string, number[][]>} blocksUs   CPU of each block of each round, by source
 * @property {Record<string, string>} errors         why a source did not run
 */

async function main() {
  const { values } = parseArgs({
    options: {
      node: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      megabytes: { type: 'string' },
      seed: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 5 : 40));
  const megabytes = values.megabytes ?? (values.quick ? '4000' : '10000');
  const binaries = nodeBinaries(values.node);
  const node = binaries.find(({ major }) => major === '24') ?? binaries[0];

  for (const [configuration, flags] of Object.entries(CONFIGURATIONS)) {
    const result = await measure({ node, configuration, flags, rounds, megabytes, seed: Number(values.seed) });
    console.log(`\n${overheadTable(result)}`);
    if (!values.quick) writeResult(__dirname, `${node.major}-${configuration}`, result);
  }
}

/**
 * Every round runs every source once, in a new order, so that a slow minute of the machine meets them all.
 *
 * @param {{ node: import('../lib/node-binaries').NodeBinary, configuration: string, flags: string[], rounds: number, megabytes: string, seed: number }} options
 * @returns {Promise<OverheadResult>}
 */
async function measure({ node, configuration, flags, rounds, megabytes, seed }) {
  const next = random(seed);
  const common = { node: node.path, flags };
  const traced = await runChildToSuccess(CHILD, { ...common, args: ['--megabytes', megabytes, '--trace'] });

  /** @type {Record<string, string>} */
  const errors = {};
  for (const source of Object.keys(SOURCES)) {
    const { code, stderr } = await runChild(CHILD, { ...common, args: ['--megabytes', '10', '--source', source] });
    if (code !== 0) errors[source] = /Error: .*/.exec(stderr)?.[0] ?? `exit code ${code}`;
  }

  /** @type {Record<string, number[][]>} */
  const blocksUs = { [NONE]: [] };
  for (const source of Object.keys(SOURCES)) if (!errors[source]) blocksUs[source] = [];
  for (let round = 0; round < rounds; round++) {
    for (const source of shuffle(Object.keys(blocksUs), next)) {
      const args = ['--megabytes', megabytes, ...(source === NONE ? [] : ['--source', source])];
      const { message } = await runChildToSuccess(CHILD, { ...common, args });
      blocksUs[source].push(message.blocksUs);
    }
    process.stderr.write(`${configuration}: round ${round + 1} of ${rounds}\r`);
  }
  return { circumstances: circumstances(node), configuration, flags, versions: versions(), gcs: parseTraceGc(traced.stdout).length, blocksUs, errors };
}

main();
