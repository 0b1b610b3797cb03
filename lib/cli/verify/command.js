'use strict';

const { fork } = require('node:child_process');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');

const { messageOf } = require('../../errors.js');
const { table } = require('../../terminal/table.js');
const { formatMs } = require('../../terminal/units.js');
const { FINDING, GOOD } = require('../exit-codes.js');
const { whole } = require('../quantities.js');
const { UsageError } = require('../usage-error.js');
const { PROGRAMS } = require('./programs.js');

/** @typedef {import('./subject').Outcome} Outcome */
/** @typedef {Outcome & { name: string, leaks: boolean }} Judged */

/** Every planted leak was found in under 16 s on each Node major; twice that leaves room for a slow machine. */
const DEFAULT_SECONDS = '30';

/** What a program may take beyond its time: to start, and to stall. */
const GRACE_MS = 30_000;

const USAGE = `usage: heapwatch verify [options]

Plants known leaks and known clean programs, one process each, and tells what the verdict says of them on this machine.
Takes one to three minutes.

  --seconds <count>  how long each clean program is watched, and a leaking one at most (default ${DEFAULT_SECONDS})
  --jobs <count>     programs at once (default: half the CPUs, at most 3)
  --json             the results as JSON on stdout

Exit codes: 0 every leak was found and no clean program was accused; 1 otherwise; 2 wrong usage.`;

/**
 * `heapwatch verify`
 *
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
async function run(args) {
  const { seconds, jobs, json } = parse(args);
  const queue = PROGRAMS.map((_, index) => index);
  /** @type {Judged[]} */
  const results = [];
  await Promise.all(Array.from({ length: jobs }, async () => {
    for (let index = queue.shift(); index !== undefined; index = queue.shift()) {
      const { name, leaks } = PROGRAMS[index];
      results[index] = { name, leaks, ...await observe(index, seconds) };
    }
  }));
  const sum = summarize(results);
  process.stdout.write(json ? `${JSON.stringify({ schemaVersion: 1, ...sum, programs: results }, null, 2)}\n` : `${describe(results, sum)}\n`);
  return sum.found === sum.leaking && sum.accused === 0 ? GOOD : FINDING;
}

/** @param {string[]} args */
function parse(args) {
  try {
    const { values } = parseArgs({ args, options: { seconds: { type: 'string' }, jobs: { type: 'string' }, json: { type: 'boolean' } } });
    const halfOfCpus = Math.min(3, Math.max(1, Math.floor(os.cpus().length / 2)));
    return {
      seconds: whole(values.seconds ?? DEFAULT_SECONDS, '--seconds'),
      jobs: whole(values.jobs ?? String(halfOfCpus), '--jobs'),
      json: values.json ?? false,
    };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(messageOf(error).split('. To specify')[0]);
  }
}

/**
 * @param {number} index of the program
 * @param {number} seconds
 * @returns {Promise<Outcome>}
 */
function observe(index, seconds) {
  return new Promise((resolve, reject) => {
    const child = fork(path.join(__dirname, 'subject.js'), [String(index), String(seconds)], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      timeout: seconds * 1000 + GRACE_MS,
    });
    /** @type {Outcome | undefined} */
    let outcome;
    child.on('message', (message) => { outcome = /** @type {Outcome} */ (message); });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (outcome) resolve(outcome);
      else reject(new Error(`${PROGRAMS[index].name}: the program ended by ${signal ?? `exit code ${code}`} without a verdict`));
    });
  });
}

/** @param {Judged[]} results */
function summarize(results) {
  const count = (/** @type {(result: Judged) => boolean} */ which) => results.filter(which).length;
  return {
    leaking: count(({ leaks }) => leaks),
    found: count(({ leaks, verdict }) => leaks && verdict === 'leak'),
    clean: count(({ leaks }) => !leaks),
    accused: count(({ leaks, verdict }) => !leaks && verdict === 'leak'),
    acquitted: count(({ leaks, verdict }) => !leaks && verdict === 'clean'),
  };
}

/**
 * @param {Judged[]} results
 * @param {ReturnType<typeof summarize>} sum
 */
function describe(results, { leaking, found, clean, accused, acquitted }) {
  const rows = results.map(({ name, leaks, verdict, afterMs, majors }) =>
    [name, leaks ? 'leaks' : 'clean', verdict, formatMs(afterMs), String(majors), isWrong({ leaks, verdict }) ? 'WRONG' : '']);
  const columns = [
    { title: 'program', align: /** @type {const} */ ('left') },
    { title: 'truth', align: /** @type {const} */ ('left') },
    { title: 'verdict', align: /** @type {const} */ ('left') },
    { title: 'after' },
    { title: 'major GCs' },
    { title: '', align: /** @type {const} */ ('left') },
  ];
  const degraded = results.find((result) => result.degraded)?.degraded;
  return [
    ...table(columns, rows, Infinity),
    '',
    ...results.filter(isWrong).map(({ name, reason }) => `${name}: ${reason}`),
    `sensitivity: ${found} of ${leaking} leaks found`,
    `false alarms: ${accused} of ${clean} clean programs accused (${acquitted} called clean, ${clean - accused - acquitted} inconclusive)`,
    ...(degraded ? [`heapwatch runs without its native part here: ${degraded}`] : []),
  ].join('\n');
}

/** @param {Pick<Judged, 'leaks' | 'verdict'>} judged */
const isWrong = ({ leaks, verdict }) => leaks !== (verdict === 'leak');

module.exports = { run, usage: USAGE, summary: 'plant known leaks and clean programs, and see whether they are told apart here' };
