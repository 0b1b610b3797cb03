'use strict';

const path = require('node:path');
const { parseArgs } = require('node:util');

const { runChildToSuccess } = require('../lib/child.js');
const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances, writeResult } = require('../lib/results.js');
const { versions } = require('../lib/sources/index.js');
const { parseTraceGc } = require('../lib/trace-gc.js');
const { judge } = require('./agreement.js');
const { countsTable, verdictLine } = require('./summary.js');

const CHILD = path.join(__dirname, 'child.js');
const ATTEMPTS = 3;
const FLAGS = ['--expose-gc', '--max-semi-space-size=1'];

/**
 * With peers in the process, counts are judged. What peers do inside the pause is in heapwatch's pauses, but not in the
 * trace's: pauses are judged where heapwatch is alone.
 *
 * @type {Record<string, { alone: boolean, args: string[] }>}
 */
const MODES = {
  yielding: { alone: false, args: [] },
  blocked: { alone: false, args: ['--blocked'] },
  'yielding, heapwatch alone': { alone: true, args: ['--alone'] },
  'blocked, heapwatch alone': { alone: true, args: ['--alone', '--blocked'] },
};

/**
 * @typedef {object} ModeResult
 * @property {boolean} alone   no peers in the process
 * @property {number} attempts  how many it took, see measureUndisturbed
 * @property {number} ms
 * @property {import('../lib/sources/tally').Tallies} trace
 * @property {Record<string, import('../lib/sources/tally').Tallies>} sources
 * @property {Record<string, string>} errors    why a source did not run
 * @property {{ minor: number[], major: number[] }} traced    pauses by --trace-gc, ms
 * @property {{ minor: number[], major: number[] }} recorded  pauses by heapwatch, ms
 *
 * @typedef {object} CountsResult
 * @property {ReturnType<typeof circumstances>} circumstances
 * @property {string[]} flags
 * @property {Record<string, string>} versions
 * @property {Record<string, ModeResult>} modes
 */

/** In CI the machine may be anybody's: counts must be exact there too, of the pauses so many of a hundred must agree. */
const QUICK_PERCENT = 95;

async function main() {
  const { values } = parseArgs({ options: { node: { type: 'string', multiple: true }, quick: { type: 'boolean', default: false } } });
  let good = true;
  for (const node of nodeBinaries(values.node)) {
    /** @type {CountsResult} */
    const result = { circumstances: circumstances(node), flags: FLAGS, versions: versions(), modes: {} };
    for (const [mode, { alone, args }] of Object.entries(MODES)) {
      const measured = await measureUndisturbed(node.path, alone, [...args, '--steps', values.quick ? '450' : '800']);
      result.modes[mode] = measured;
      console.log(`\nNode ${node.version}, loop ${mode}, ${(measured.ms / 1e3).toFixed(1)} s\n\n${countsTable(measured)}\n\n${verdictLine(measured)}`);
      const { good: agrees, countsAgree, percent } = judge(measured);
      good &&= values.quick ? countsAgree && (percent >= QUICK_PERCENT || !alone) : agrees; // the hooks of the peers are in the pauses too
    }
    if (!values.quick) writeResult(__dirname, node.major, result);
  }
  if (!good) {
    console.error('\nheapwatch and --trace-gc disagree');
    process.exitCode = 1;
  }
}

/**
 * The scheduler can take the processor away between V8's stamp and heapwatch's: on a busy machine the pauses, never the
 * counts, are worth another attempt.
 *
 * @param {string} node
 * @param {boolean} alone
 * @param {string[]} args
 * @returns {Promise<ModeResult>}
 */
async function measureUndisturbed(node, alone, args) {
  for (let attempt = 1; ; attempt++) {
    const measured = { alone, attempts: attempt, ...await measure(node, args) };
    const { good, countsAgree } = judge(measured);
    if (good || !countsAgree || attempt === ATTEMPTS) return measured;
    console.log(`attempt ${attempt}: ${verdictLine(measured)}`);
  }
}

/**
 * @param {string} node
 * @param {string[]} args
 * @returns {Promise<Omit<ModeResult, 'alone' | 'attempts'>>}
 */
async function measure(node, args) {
  const { message, stdout } = await runChildToSuccess(CHILD, { node, flags: FLAGS, args });
  const lines = parseTraceGc(stdout);
  const pausesOf = (/** @type {{ kind: string, pauseMs: number }[]} */ list, /** @type {string} */ kind) =>
    list.filter((gc) => gc.kind === kind).map(({ pauseMs }) => Number(pauseMs.toFixed(4)));
  const traced = { minor: pausesOf(lines, 'minor'), major: pausesOf(lines, 'major') };
  const tally = (/** @type {number[]} */ pauses) => ({ count: pauses.length, totalMs: pauses.reduce((sum, ms) => sum + ms, 0) });
  return {
    ms: Math.round(message.ms),
    trace: { minor: tally(traced.minor), major: tally(traced.major) },
    sources: message.sources,
    errors: message.errors,
    traced,
    recorded: { minor: pausesOf(message.pauses, 'minor'), major: pausesOf(message.pauses, 'major') },
  };
}

main();
