'use strict';

const path = require('node:path');
const { parseArgs } = require('node:util');

const { runChild } = require('../lib/child.js');
const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances, readResults, writeResult } = require('../lib/results.js');
const { judge, stressTable } = require('./summary.js');

/**
 * @typedef {{ mb: number, taken: number, valid: number, invalid: number, failures: Record<string, number>, pausesMs: number[], totalsMs: number[], filesLeft: number, zombies: number }} Round
 *
 * @typedef {object} StressResult
 * @property {ReturnType<typeof circumstances>} circumstances
 * @property {Round[]} rounds
 */

/** Snapshots that one process takes; what it found is kept when the next one is cut off. */
const BATCH = 50;

async function main() {
  const { values } = parseArgs({
    options: { node: { type: 'string', multiple: true }, quick: { type: 'boolean', default: false }, continue: { type: 'boolean', default: false }, small: { type: 'string' }, large: { type: 'string' } },
  });
  const wanted = [{ mb: 10, count: Number(values.small ?? (values.quick ? 20 : 1_000)) }, { mb: 200, count: Number(values.large ?? (values.quick ? 0 : 25)) }];
  for (const node of nodeBinaries(values.node)) {
    const earlier = values.continue ? readResults(__dirname).find(({ circumstances: { node: version } }) => version === node.version)?.rounds ?? [] : [];
    /** @type {StressResult} */
    const result = { circumstances: circumstances(node), rounds: earlier };
    for (const { mb, count } of wanted) {
      if (count === 0) continue;
      let round = result.rounds.find((each) => each.mb === mb);
      if (round === undefined) result.rounds.push(round = { mb, taken: 0, valid: 0, invalid: 0, failures: {}, pausesMs: [], totalsMs: [], filesLeft: 0, zombies: 0 });
      while (round.taken < count) {
        add(round, await takeSome(node.path, mb, Math.min(BATCH, count - round.taken)));
        if (!values.quick) writeResult(__dirname, node.major, result);
      }
      console.log(stressTable([{ ...result, rounds: [round] }]));
    }
    const complaints = judge(result);
    if (complaints.length > 0) {
      console.error(complaints.join('\n'));
      process.exitCode = 1;
    }
  }
}

/**
 * @param {string} node
 * @param {number} mb
 * @param {number} count
 * @returns {Promise<Omit<Round, 'mb'>>}
 */
async function takeSome(node, mb, count) {
  const { message, code, signal, stderr } = await runChild(path.join(__dirname, 'child.js'), {
    node,
    args: ['--mb', String(mb), '--count', String(count)],
    timeoutMs: count * (mb > 100 ? 300_000 : 20_000),
  });
  if (code !== 0 || message === undefined) throw new Error(`the process that took the snapshots ended with code ${code}, signal ${signal}\n${stderr}`);
  return message;
}

/**
 * @param {Round} round
 * @param {Omit<Round, 'mb'>} more
 */
function add(round, { taken, valid, invalid, failures, pausesMs, totalsMs, filesLeft, zombies }) {
  round.taken += taken;
  round.valid += valid;
  round.invalid += invalid;
  for (const [failure, count] of Object.entries(failures)) round.failures[failure] = (round.failures[failure] ?? 0) + count;
  round.pausesMs.push(...pausesMs);
  round.totalsMs.push(...totalsMs);
  round.filesLeft += filesLeft;
  round.zombies += zombies;
}

main();
