'use strict';

const { spawn } = require('node:child_process');
const { mkdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');

const { programs } = require('../corpus/programs.js');
const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances } = require('../lib/results.js');
const { makeCgroup } = require('./cgroup.js');
const { forecastTable } = require('./summary.js');

/**
 * Each leaking program of the corpus until a small limit kills it: V8's own, and for the one whose leak is in Buffers,
 * which V8's limit does not count, the kernel's. What it forecast on its way is compared with what came.
 *
 * @typedef {object} ForecastResult
 * @property {ReturnType<typeof circumstances>} circumstances
 * @property {string} program
 * @property {'heap' | 'container'} limit
 * @property {number} limitMB
 * @property {number} lifeMs        from the start to the end
 * @property {string} end           how it ended
 * @property {[number, string, number, number | null, number | null][]} forecasts  ms since the start, verdict, used ratio, earliest, latest (ms from then on)
 */

/** The programs hold 20 to 55 MB, noise included, and grow by 0.5 to 2.5 MB/s. */
const HEAP_LIMIT_MB = 90;
const CONTAINER_LIMIT_MB = 220;
/** A program that has not died by then never will. */
const MOST_SECONDS = 240;

const LEAK = { minSpanMs: 3000, minMajors: 6, assist: { everyMs: 250, maxPauseMs: 100 } };

const RESULTS = path.join(__dirname, 'results');

/** @typedef {{ program: import('../corpus/programs').Program, node: import('../lib/node-binaries').NodeBinary }} Run */

async function main() {
  const { values } = parseArgs({ options: {
    node: { type: 'string', multiple: true },
    program: { type: 'string', multiple: true },
    jobs: { type: 'string', default: '2' },
  } });
  const queue = nodeBinaries(values.node).flatMap((node) => programs()
    .filter(({ leaks, name, file }) => leaks && (values.program === undefined || values.program.some((wanted) => name.includes(wanted) || file.includes(wanted))))
    .map((program) => ({ program, node })));
  /** @type {ForecastResult[]} */
  const results = [];
  await Promise.all(Array.from({ length: Number(values.jobs) }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const result = await runToDeath(next);
      if (result === null) continue;
      results.push(result);
      mkdirSync(RESULTS, { recursive: true });
      const name = `${next.node.major}-${path.basename(next.program.file, '.js')}.json`;
      writeFileSync(path.join(RESULTS, name), `${JSON.stringify(result).replace('"forecasts":[', '"forecasts":[\n').replace(/\],\[/g, '],\n[')}\n`);
      console.log(`${next.node.major} ${result.program.padEnd(30)} ${result.limit} ${result.limitMB} MB: ${result.end} after ${(result.lifeMs / 1000).toFixed(1)} s`);
    }
  }));
  console.log(`\n${forecastTable(results)}`);
}

/**
 * @param {Run} run
 * @returns {Promise<ForecastResult | null>} null: such a limit is not possible here
 */
async function runToDeath({ program, node }) {
  const isExternal = program.name === 'buffers';
  const limitMB = isExternal ? CONTAINER_LIMIT_MB : HEAP_LIMIT_MB;
  const cgroup = isExternal ? makeCgroup(`heapwatch-forecast-${process.pid}-${node.major}`, limitMB * 1024 * 1024) : null;
  if (isExternal && cgroup === null) {
    console.error(`${program.name}: no cgroup can be made here (it needs root and cgroup v1), left out`);
    return null;
  }
  const args = [
    ...(isExternal ? [] : [`--max-old-space-size=${limitMB}`]),
    path.join(__dirname, 'child.js'), '--program', program.file, '--seconds', String(MOST_SECONDS), '--leak', JSON.stringify(LEAK),
  ];
  /** @type {import('./child').Forecast[]} */
  const forecasts = [];
  const startedMs = Date.now();
  // The shell enters the cgroup and becomes the program.
  const child = cgroup === null
    ? spawn(node.path, args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: { ...process.env, NODE_OPTIONS: '' } })
    : spawn('/bin/sh', ['-c', 'echo $$ > "$0" && exec "$@"', cgroup.enter, node.path, ...args], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: { ...process.env, NODE_OPTIONS: '' } });
  child.on('message', (message) => forecasts.push(/** @type {any} */ (message)));
  /** @type {[number | null, NodeJS.Signals | null]} */
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (...end) => resolve(end));
  });
  const lifeMs = Date.now() - startedMs;
  await sleep(100);
  cgroup?.remove();
  return {
    circumstances: circumstances(node),
    program: program.name,
    limit: isExternal ? 'container' : 'heap',
    limitMB,
    lifeMs,
    end: signal ?? `exit ${code}`,
    forecasts: forecasts.map(({ atMs, verdict, usedRatio, earliestMs, latestMs }) => [atMs - startedMs, verdict, usedRatio, earliestMs, latestMs]),
  };
}

main();
