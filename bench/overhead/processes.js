'use strict';

const path = require('node:path');

const { runChildToSuccess } = require('../lib/child.js');
const { SOURCES } = require('../lib/sources/index.js');
const { random, shuffle } = require('../lib/statistics.js');
const { parseTraceGc } = require('../lib/trace-gc.js');
const { split } = require('./split.js');

const CHILD = path.join(__dirname, 'processes-child.js');
const NONE = 'none';

/**
 * A process for each source and one for none. Every round runs each of them once, in a new order, so that a slow minute
 * of the machine meets them all.
 *
 * @param {{ node: string, flags: string[], rounds: number, seed: number, quick: boolean }} options
 */
async function measureProcesses({ node, flags, rounds, seed, quick }) {
  const next = random(seed);
  const size = ['--megabytes', quick ? '3000' : '10000'];
  const { stdout } = await runChildToSuccess(CHILD, { node, flags, args: [...size, '--trace'] });
  const { running, errors } = await split(Object.keys(SOURCES), CHILD, { node, flags, args: ['--megabytes', '10'] });

  /** @type {Record<string, number[][]>} */
  const blocksUs = Object.fromEntries([NONE, ...running].map((source) => [source, []]));
  for (let round = 0; round < rounds; round++) {
    for (const source of shuffle(Object.keys(blocksUs), next)) {
      const { message } = await runChildToSuccess(CHILD, { node, flags, args: source === NONE ? size : [...size, '--source', source] });
      blocksUs[source].push(message.blocksUs);
    }
  }
  return { gcs: parseTraceGc(stdout).length, errors, blocksUs };
}

module.exports = { measureProcesses };
