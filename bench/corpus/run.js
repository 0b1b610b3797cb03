'use strict';

const { mkdirSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');

const { runChildToSuccess } = require('../lib/child.js');
const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances } = require('../lib/results.js');
const { programs } = require('./programs.js');
const { judge, verdictTable } = require('./summary.js');

/**
 * Every program of the corpus on every Node, natural (V8 collects when it likes) and assisted. One file of results a run.
 * With --quick each program once, assisted, on one of the Nodes; fails where a clean program was accused, a leak called
 * clean, or more than one missed.
 *
 * @typedef {'natural' | 'assisted'} Mode
 *
 * @typedef {object} CorpusResult
 * @property {ReturnType<typeof circumstances>} circumstances
 * @property {string} program
 * @property {boolean} leaks
 * @property {Mode} mode
 * @property {number} seconds
 * @property {number} pace      how much faster the program's time passed
 * @property {object} leak      the options
 * @property {import('./child').Recording} recording
 */

const SPAN = { minSpanMs: 3000, minMajors: 6 };
/** @type {Record<Mode, object>} */
const LEAK = { natural: SPAN, assisted: { ...SPAN, assist: { everyMs: 250, maxPauseMs: 100 } } };

/** Left to itself V8 collects when there is reason to: so the natural runs are paced faster. */
const PACE = { natural: 6, assisted: 1 };

/** Several periods of each program, and fifteen of the least span. */
const SECONDS = 45;
/** Half a megabyte a second under teeth of 25 MB: twice as long until that is sure. */
const SLOW = /under-sawtooth/;
/** A clean program is watched this long; a leaking one until it is found, for this long at most. */
const QUICK_SECONDS = { clean: 16, leaking: 90 };

/** That every leak is found within that time is a goal, on a machine that does other things too; that none is called clean is a must. */
const MOST_MISSED = 1;

const RESULTS = path.join(__dirname, 'results');

async function main() {
  const { values } = parseArgs({ options: {
    node: { type: 'string', multiple: true },
    program: { type: 'string', multiple: true },
    mode: { type: 'string', multiple: true },
    jobs: { type: 'string', default: String(Math.min(2, os.cpus().length)) },
    seconds: { type: 'string' },
    quick: { type: 'boolean', default: false },
  } });
  const runs = plan(values);
  /** @type {CorpusResult[]} */
  const results = [];
  const queue = [...runs];
  await Promise.all(Array.from({ length: Number(values.jobs) }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results.push(await run(next, values.quick));
  }));
  console.log(`\n${verdictTable(results)}`);
  const complaints = judge(results);
  if (complaints.length > 0) console.error(`\n${complaints.join('\n')}`);
  const missed = complaints.filter((complaint) => complaint.startsWith('missed')).length;
  if (values.quick && (complaints.length > missed || missed > MOST_MISSED)) process.exitCode = 1;
}

/**
 * @typedef {{ program: import('./programs').Program, node: import('../lib/node-binaries').NodeBinary, mode: Mode, seconds: number }} Run
 *
 * @param {{ node?: string[], program?: string[], mode?: string[], seconds?: string, quick: boolean }} options
 * @returns {Run[]}
 */
function plan({ node, program, mode, seconds, quick }) {
  const nodes = nodeBinaries(node);
  const chosen = programs().filter(({ name, file }) => program === undefined || program.some((wanted) => name.includes(wanted) || file.includes(wanted)));
  const modes = /** @type {Mode[]} */ (mode ?? (quick ? ['assisted'] : ['natural', 'assisted']));
  const all = nodes.flatMap((binary) => modes.flatMap((each) =>
    chosen.map((one) => ({ program: one, node: binary, mode: each, seconds: Number(seconds ?? (quick ? QUICK_SECONDS[one.leaks ? 'leaking' : 'clean'] : SECONDS * (SLOW.test(one.file) ? 2 : 1))) }))));
  // Each program once, the Node majors in turn: all of the corpus, and some of each major.
  return quick ? all.filter(({ program: one, node: binary }) => chosen.indexOf(one) % nodes.length === nodes.indexOf(binary)) : all;
}

/**
 * @param {Run} run
 * @param {boolean} quick
 */
async function run({ program, node, mode, seconds }, quick) {
  const leak = LEAK[mode];
  const { message } = await runChildToSuccess(path.join(__dirname, 'child.js'), {
    node: node.path,
    args: ['--program', program.file, '--seconds', String(seconds), '--pace', String(PACE[mode]), '--leak', JSON.stringify(leak), ...(quick ? ['--until-leak'] : [])],
    timeoutMs: (seconds + 60) * 1000,
  });
  /** @type {CorpusResult} */
  const result = { circumstances: circumstances(node), program: program.name, leaks: program.leaks, mode, seconds, pace: PACE[mode], leak, recording: message };
  const { verdicts, majors, growth, cpu } = result.recording;
  console.log(`${node.major} ${mode.padEnd(8)} ${program.name.padEnd(30)} ${program.leaks ? 'leaks' : 'clean'}  ${verdicts}  ${String(majors.length).padStart(3)} majors, cpu ${cpu}: ${growth.reason}`);
  if (!quick) {
    mkdirSync(RESULTS, { recursive: true });
    const name = `${node.major}-${mode}-${path.basename(program.file, '.js')}.json`;
    writeFileSync(path.join(RESULTS, name), `${lines(result)}\n`);
  }
  return result;
}

/**
 * JSON with one line a property, of the recording too: a file of 100 samples stays readable and small.
 *
 * @param {CorpusResult} result
 */
function lines({ recording, ...rest }) {
  const body = (/** @type {object} */ value, /** @type {string} */ indent) =>
    Object.entries(value).map(([key, item]) => `${indent}${JSON.stringify(key)}: ${JSON.stringify(item)}`).join(',\n');
  return `{\n${body(rest, '  ')},\n  "recording": {\n${body(recording, '    ')}\n  }\n}`;
}

main();
