'use strict';

const path = require('node:path');

const { runChildToSuccess } = require('../lib/child.js');
const { SOURCES } = require('../lib/sources/index.js');
const { random, shuffle } = require('../lib/statistics.js');
const { parseTraceGc } = require('../lib/trace-gc.js');
const { split } = require('./split.js');

const CHILD = path.join(__dirname, 'toggled-child.js');

/** Nothing is opened and closed: what comes out beside zero is the method's own error. */
const NONE = 'none';

/** It has no way to stop. */
const CANNOT_CLOSE = ['prom-client'];

/**
 * @param {{ node: string, flags: string[], cold: boolean, rounds: number, seed: number, quick: boolean }} options
 */
async function measureToggled({ node, flags, cold, rounds, seed, quick }) {
  const next = random(seed);
  const args = [...(cold ? ['--cold', '--megabytes', '100'] : []), '--pairs', quick ? '20' : '100'];
  const tracedPairs = 2;
  const { stdout } = await runChildToSuccess(CHILD, { node, flags, args: [...args, '--trace', '--pairs', String(tracedPairs)] });
  const closable = Object.keys(SOURCES).filter((source) => !CANNOT_CLOSE.includes(source));
  const { running, errors } = await split(closable, CHILD, { node, flags, args: ['--megabytes', '10', '--pairs', '2'] });
  for (const source of CANNOT_CLOSE) errors[source] = 'cannot be stopped, so it cannot be measured in this way';

  /** @type {Record<string, number[][][]>} */
  const pairsUs = Object.fromEntries([NONE, ...running].map((source) => [source, []]));
  for (let round = 0; round < rounds; round++) {
    for (const source of shuffle(Object.keys(pairsUs), next)) {
      const own = ['--seed', String(seed + round), ...(source === NONE ? [] : ['--source', source])];
      const { message } = await runChildToSuccess(CHILD, { node, flags, args: [...args, ...own] });
      pairsUs[source].push(message.pairsUs);
    }
  }
  return { gcs: parseTraceGc(stdout).length / (2 * tracedPairs), errors, pairsUs };
}

module.exports = { measureToggled };
