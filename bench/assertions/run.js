'use strict';

const { spawn } = require('node:child_process');
const { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');

const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances } = require('../lib/results.js');
const { missing, RUNNERS, runCorpus, runnerVersion } = require('./runners.js');
const { assertionsTable, complaints, PROGRAMS } = require('./summary.js');

/**
 * The corpus of functions (__test__/assertions) as assertions, in every runner on every Node, while another process keeps a core busy. Each cell
 * of that matrix is one file of results, written after each run of a runner; a run that is there already is not made again, so that it can be ended and
 * started at any time; --max-load has it wait while the machine does other things. All cells are a repeat ahead before one begins the next.
 *
 * With --quick once, on the Node that runs it, and nothing is written; fails where a must is missed: a clean program accused, fewer than 95 % right, fewer
 * than 90 % of the messages naming who leaks.
 *
 * @typedef {object} Run
 * @property {'verdict' | 'message'} ask  message: the leaking programs alone, and what the failure says
 * @property {number} repeat
 * @property {number[]} load  the machine's over the last minute, before and after
 * @property {import('./runners').Outcome[]} outcomes
 *
 * @typedef {object} CellResult
 * @property {ReturnType<typeof circumstances>} circumstances
 * @property {import('./runners').Runner} runner
 * @property {string} runnerVersion
 * @property {Run[]} runs
 */

const RESULTS = path.join(__dirname, 'results');

/** Who leaks is looked for in so many of the repeats: it takes seconds a program. So each of them has one of four parts of the leaking programs, another one in each cell. */
const MESSAGE_REPEATS = 4;
const PARTS = 4;

const TASKSET = '/usr/bin/taskset';

async function main() {
  const { values } = parseArgs({ options: {
    node: { type: 'string', multiple: true },
    runner: { type: 'string', multiple: true },
    repeats: { type: 'string', default: '20' },
    messages: { type: 'string', default: String(MESSAGE_REPEATS) },
    program: { type: 'string' },
    'max-load': { type: 'string', default: 'Infinity' },
    dry: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  } });
  const nodes = nodeBinaries(values.node ?? (values.quick ? [process.execPath] : []));
  const runners = RUNNERS.filter((runner) => values.runner === undefined || values.runner.includes(runner));
  for (const runner of runners) if (missing(runner)) throw new Error(`${runner}: ${missing(runner)}`);
  const isWritten = !values.quick && !values.dry && values.program === undefined;
  const cells = nodes.flatMap((node) => runners.map((runner) => cellOf(node, runner, isWritten)));
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => process.exit(1));
  for (const { repeat, ask } of plan(values.quick ? 1 : Number(values.repeats), values.quick ? 1 : Number(values.messages))) {
    for (const { node, result, file } of cells) {
      if (result.runs.some((run) => run.repeat === repeat && run.ask === ask)) continue;
      // In CI one runner shows that messages name who leaks; the tests have the others.
      if (values.quick && ask === 'message' && result.runner !== 'node-test') continue;
      while (os.loadavg()[0] > Number(values['max-load'])) await sleep(5000);
      const loadBefore = os.loadavg()[0];
      const part = ask === 'message' && !values.quick ? `${(cells.findIndex(({ result: each }) => each === result) + repeat) % PARTS}/${PARTS}` : '0/1';
      const { outcomes, output } = await besideNoise(() => runCorpus(result.runner, path.resolve(node.path), { ask, part, seed: repeat + 1, only: values.program }));
      tell(result, ask, outcomes);
      if (ask === 'verdict' && values.program === undefined && outcomes.length < PROGRAMS.length) console.log(output.slice(-3000));
      if (values.program !== undefined) console.log(output.slice(-6000));
      result.runs.push({ ask, repeat, load: [loadBefore, os.loadavg()[0]].map((load) => Number(load.toFixed(1))), outcomes });
      if (isWritten) write(file, result);
    }
  }
  const results = cells.map(({ result }) => result);
  console.log(`\n${assertionsTable(results)}`);
  const missed = complaints(results);
  if (missed.length > 0) console.error(`\n${missed.join('\n')}`);
  process.exitCode = missed.length > 0 ? 1 : 0;
}

/**
 * @template T
 * @param {() => Promise<T>} work
 */
async function besideNoise(work) {
  const busy = [process.execPath, '-e', 'for (;;) Math.sqrt(Math.random())'];
  // On the other core, whatever else runs there.
  const [command, ...args] = existsSync(TASKSET) ? [TASKSET, '-c', String(os.cpus().length - 1), ...busy] : busy;
  const noise = spawn(command, args, { stdio: 'ignore' });
  const end = () => { noise.kill(); };
  process.on('exit', end);
  try {
    return await work();
  } finally {
    end();
    process.off('exit', end);
  }
}

/**
 * @param {number} repeats
 * @param {number} messages
 * @returns {{ repeat: number, ask: 'verdict' | 'message' }[]}
 */
function plan(repeats, messages) {
  return Array.from({ length: repeats }, (_, repeat) => [{ repeat, ask: /** @type {const} */ ('verdict') }, ...(repeat < messages ? [{ repeat, ask: /** @type {const} */ ('message') }] : [])]).flat();
}

/**
 * @param {import('../lib/node-binaries').NodeBinary} node
 * @param {import('./runners').Runner} runner
 * @param {boolean} isContinued
 */
function cellOf(node, runner, isContinued) {
  const file = path.join(RESULTS, `${node.major}-${runner}.json`);
  /** @type {CellResult} */
  const result = isContinued && existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : { circumstances: circumstances(node), runner, runnerVersion: runnerVersion(runner, node.version), runs: [] };
  return { node, result, file };
}

/**
 * @param {CellResult} cell
 * @param {Run['ask']} ask
 * @param {import('./runners').Outcome[]} outcomes
 */
function tell({ circumstances: { node }, runner }, ask, outcomes) {
  console.log(`Node ${node}, ${runner}, ${ask}: ${outcomes.length} programs, ${Math.round(outcomes.reduce((sum, { ms }) => sum + ms, 0) / 1000)} s, load ${os.loadavg()[0].toFixed(1)}`);
  for (const { program, verdict, message, ms } of outcomes) {
    const { leaks, label } = /** @type {import('./summary').Program} */ (PROGRAMS.find(({ name }) => name === program));
    const isRight = verdict === (leaks ? 'leak' : 'clean');
    const names = ask !== 'message' || String(message).includes(/** @type {string} */ (label));
    if (!isRight || !names) console.log(`  ${leaks ? 'leaking' : 'clean'} "${program}" is called ${verdict} after ${ms} ms${names ? '' : ` (${label} not named)`}: ${message ?? ''}`);
  }
}

/**
 * One outcome a line: a difference between two states of the file shows what was measured in between.
 *
 * @param {string} file
 * @param {CellResult} result
 */
function write(file, { runs, ...rest }) {
  mkdirSync(RESULTS, { recursive: true });
  const lines = runs.map(({ outcomes, ...run }) => `  ${JSON.stringify(run).slice(0, -1)}, "outcomes": [\n${outcomes.map((outcome) => `    ${JSON.stringify(outcome)}`).join(',\n')}\n  ]}`);
  writeFileSync(`${file}.partial`, `${JSON.stringify(rest).slice(0, -1)}, "runs": [\n${lines.join(',\n')}\n]}\n`);
  renameSync(`${file}.partial`, file);
}

main();
