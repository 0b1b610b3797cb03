'use strict';

const path = require('node:path');
const { parseArgs } = require('node:util');

const { runChild } = require('../lib/child.js');
const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances, writeResult } = require('../lib/results.js');
const { judge, lifecycleTable } = require('./summary.js');

/**
 * @typedef {{ rss: number[], mostThreads: number, gcsSeen: number, threadsLeft: number, degraded: number }} Churn
 *
 * @typedef {object} LifecycleResult
 * @property {ReturnType<typeof circumstances>} circumstances
 * @property {Churn} with     workers with a watcher each; RSS after each worker's end
 * @property {Churn} without  the same without heapwatch
 * @property {{ ms: number, times: number, samples: { rss: number, heapUsed: number, external: number }[] }} startStop
 */

/** glibc gives each thread an arena of its own and is slow to give it back, which hides what is looked for here. */
const ONE_ARENA = { MALLOC_ARENA_MAX: '1' };

async function main() {
  const { values } = parseArgs({ options: { node: { type: 'string', multiple: true }, quick: { type: 'boolean', default: false } } });
  const workers = values.quick ? 60 : 1_500;
  const times = values.quick ? 2_000 : 10_000;
  for (const node of nodeBinaries(values.node)) {
    const run = (/** @type {string} */ script, /** @type {string[]} */ ...args) => survive(script, { node: node.path, args, env: ONE_ARENA, timeoutMs: 600_000 });
    /** @type {LifecycleResult} */
    const result = {
      circumstances: circumstances(node),
      with: await run('churn.js', '--workers', String(workers), '--heapwatch'),
      without: await run('churn.js', '--workers', String(workers)),
      startStop: { times, ...await run('start-stop.js', '--times', String(times)) },
    };
    console.log(`\n${lifecycleTable([result])}`);
    const complaints = judge(result, values.quick);
    if (complaints.length > 0) {
      console.error(complaints.join('\n'));
      process.exitCode = 1;
    }
    if (!values.quick) writeResult(__dirname, node.major, result);
  }
}

/**
 * A crash is what this bench is after, so it is told in full.
 *
 * @param {string} script
 * @param {Parameters<typeof runChild>[1]} options
 */
async function survive(script, options) {
  const { message, code, signal, stderr } = await runChild(path.join(__dirname, script), options);
  if (code !== 0 || !message) throw new Error(`${script} ${options.args?.join(' ')}: exit code ${code}, signal ${signal}\n${stderr}`);
  if (stderr) console.error(stderr);
  return { ...message, degraded: stderr.split('[HEAPWATCH_DEGRADED]').length - 1 };
}

main();
