'use strict';

const path = require('node:path');
const { parseArgs } = require('node:util');

const { runChildToSuccess } = require('../lib/child.js');
const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances, writeResult } = require('../lib/results.js');
const { blockedTable, judge } = require('./summary.js');

/**
 * @typedef {object} BlockedResult
 * @property {ReturnType<typeof circumstances>} circumstances
 * @property {number} startMs
 * @property {number} endMs
 * @property {number} gcs  in the blocked time, by the blocked thread's own report
 * @property {{ atMs: number, heapUsed: number, rss: number, gcCount: number, gcMs: number }[]} points  of the 1 s tier
 * @property {{ atMs: number, gcs: number, sampleAgeMs: number, heapUsed: number }[]} seen  by the worker
 * @property {Record<string, number>} peersBlocked  GCs they knew of at the end of the blocked time
 * @property {Record<string, number>} peersAfter    once the loop had turned
 */

async function main() {
  const { values } = parseArgs({ options: { node: { type: 'string', multiple: true }, quick: { type: 'boolean', default: false } } });
  for (const node of nodeBinaries(values.node)) {
    const { message } = await runChildToSuccess(path.join(__dirname, 'child.js'), { node: node.path });
    /** @type {BlockedResult} */
    const result = { circumstances: circumstances(node), ...message };
    console.log(`\n${blockedTable([result])}`);
    const complaints = judge(result);
    if (complaints.length > 0) {
      console.error(complaints.join('\n'));
      process.exitCode = 1;
    }
    if (!values.quick) writeResult(__dirname, node.major, result);
  }
}

main();
