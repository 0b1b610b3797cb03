'use strict';

const path = require('node:path');

const { runChildToSuccess } = require('../lib/child.js');
const { SOURCES } = require('../lib/sources/index.js');
const { random, shuffle } = require('../lib/statistics.js');
const { split } = require('./split.js');

const CHILD = path.join(__dirname, 'idle-child.js');
const NONE = 'none';

/**
 * What each source costs a process that does nothing.
 *
 * @param {{ node: string, rounds: number, seed: number, quick: boolean }} options
 */
async function measureIdle({ node, rounds, seed, quick }) {
  const next = random(seed);
  const { running, errors } = await split(Object.keys(SOURCES), CHILD, { node, flags: [], args: ['--seconds', '0.1'] });
  /** @type {Record<string, number[]>} */
  const usPerSecond = Object.fromEntries([NONE, ...running].map((source) => [source, []]));
  for (let round = 0; round < rounds; round++) {
    for (const source of shuffle(Object.keys(usPerSecond), next)) {
      const args = ['--seconds', quick ? '1' : '5', ...(source === NONE ? [] : ['--source', source])];
      const { message } = await runChildToSuccess(CHILD, { node, args });
      usPerSecond[source].push(message.usPerSecond);
    }
  }
  return { gcs: 0, errors, usPerSecond };
}

module.exports = { measureIdle };
