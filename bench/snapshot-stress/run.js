'use strict';

const path = require('node:path');
const { parseArgs } = require('node:util');

const { runChild } = require('../lib/child.js');
const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances, writeResult } = require('../lib/results.js');
const { judge, stressTable } = require('./summary.js');

/**
 * @typedef {{ mb: number, taken: number, valid: number, invalid: number, failures: Record<string, number>, pausesMs: number[], totalsMs: number[], filesLeft: number, zombies: number }} Round
 *
 * @typedef {object} StressResult
 * @property {ReturnType<typeof circumstances>} circumstances
 * @property {Round[]} rounds
 */

async function main() {
  const { values } = parseArgs({
    options: { node: { type: 'string', multiple: true }, quick: { type: 'boolean', default: false }, small: { type: 'string' }, large: { type: 'string' } },
  });
  const sizes = [{ mb: 10, count: Number(values.small ?? (values.quick ? 20 : 1_000)) }, { mb: 200, count: Number(values.large ?? (values.quick ? 0 : 25)) }];
  for (const node of nodeBinaries(values.node)) {
    /** @type {StressResult} */
    const result = { circumstances: circumstances(node), rounds: [] };
    for (const { mb, count } of sizes) {
      if (count === 0) continue;
      const { message, code, signal, stderr } = await runChild(path.join(__dirname, 'child.js'), {
        node: node.path,
        args: ['--mb', String(mb), '--count', String(count)],
        timeoutMs: count * (mb > 100 ? 300_000 : 20_000),
      });
      if (code !== 0 || message === undefined) throw new Error(`the process that took the snapshots ended with code ${code}, signal ${signal}\n${stderr}`);
      result.rounds.push({ mb, ...message });
      console.log(stressTable([{ ...result, rounds: result.rounds.slice(-1) }]));
      if (!values.quick) writeResult(__dirname, node.major, result);
    }
    const complaints = judge(result);
    if (complaints.length > 0) {
      console.error(complaints.join('\n'));
      process.exitCode = 1;
    }
  }
}

main();
