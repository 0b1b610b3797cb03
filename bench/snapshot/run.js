'use strict';

const path = require('node:path');
const { parseArgs } = require('node:util');

const { runChildToSuccess } = require('../lib/child.js');
const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances, readResults, writeResult } = require('../lib/results.js');
const { snapshotTable } = require('./summary.js');

/**
 * @typedef {object} HeapResult
 * @property {string} kind
 * @property {number} mb
 * @property {number} rss
 * @property {{ pauseMs: number, totalMs: number, bytes: number }[]} forked
 * @property {string} [failure]  code of the error where the machine's memory was too short for this heap: the rest is not there
 * @property {number[]} [stallsMs]  the longest stop of JavaScript in forks that were given up at once: of 1,000 MB
 * @property {number} inProcessMs
 * @property {{ fork: number, forkChild: number, inProcess: number }} peaks  bytes above the RSS before
 * @property {{ before: number, afterFork: number }} spawnMs
 * @property {{ before: number, afterFork: number, afterInProcess: number }} scavengeMs
 *
 * @typedef {{ circumstances: ReturnType<typeof circumstances>, heaps: HeapResult[] }} SnapshotResult
 */

/**
 * With --stalls only the pauses of heaps that are there already are measured anew: that takes seconds, and a machine with nothing else to do. With --memory only the memory of the
 * copies is: that does not mind what else the machine does.
 */
async function main() {
  const { values } = parseArgs({
    options: {
      node: { type: 'string', multiple: true },
      kind: { type: 'string', multiple: true, default: ['objects', 'strings', 'maps', 'arrays'] },
      mb: { type: 'string', multiple: true, default: ['50', '200', '1000'] },
      stalls: { type: 'boolean', default: false },
      memory: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
    },
  });
  for (const node of nodeBinaries(values.node)) {
    /** @type {SnapshotResult} */
    const result = { circumstances: circumstances(node), heaps: [] };
    // Heaps that are not measured now keep what was measured before.
    const earlier = readResults(__dirname).find(({ circumstances: { node: version } }) => version === node.version)?.heaps ?? [];
    for (const mb of values.quick ? ['50'] : values.mb) {
      for (const kind of values.quick ? ['objects'] : values.kind) {
        const { message } = await runChildToSuccess(path.join(__dirname, 'child.js'), {
          node: node.path,
          flags: ['--max-old-space-size=4096'],
          args: ['--kind', kind, '--mb', mb, ...(values.stalls ? ['--stalls'] : []), ...(values.memory ? ['--memory'] : [])],
          timeoutMs: 7_200_000,
        });
        if (values.stalls) {
          const row = earlier.find((/** @type {HeapResult} */ each) => each.kind === kind && each.mb === Number(mb));
          console.log(node.version, kind, mb, message.stallsMs.map((/** @type {number} */ ms) => ms.toFixed(1)).join(' '));
          if (row) Object.assign(row, { stallsMs: message.stallsMs });
          writeResult(__dirname, node.major, { ...result, heaps: earlier });
          continue;
        }
        if (values.memory) {
          const row = earlier.find((/** @type {HeapResult} */ each) => each.kind === kind && each.mb === Number(mb));
          console.log(node.version, kind, mb, `${((row?.peaks?.forkChild ?? 0) / 2 ** 20).toFixed(0)} → ${(message.forkChild / 2 ** 20).toFixed(0)} MB`);
          if (row?.peaks) row.peaks.forkChild = message.forkChild;
          writeResult(__dirname, node.major, { ...result, heaps: earlier });
          continue;
        }
        result.heaps.push(message);
        console.log(snapshotTable([{ ...result, heaps: [message] }]));
        const kept = earlier.filter((/** @type {HeapResult} */ each) => !result.heaps.some((now) => now.kind === each.kind && now.mb === each.mb));
        if (!values.quick) writeResult(__dirname, node.major, { ...result, heaps: [...kept, ...result.heaps].sort((a, b) => a.mb - b.mb) });
      }
    }
  }
}

main();
