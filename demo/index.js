'use strict';

// `npm run demo`: an Express app that leaks, real load on it, and what heapwatch saw, printed for a person.
// `npm run demo -- --json`: the report alone on stdout. Everything else goes to stderr.

const { parseArgs } = require('node:util');
const { runLoad } = require('./load.js');
const { startServer } = require('./server.js');
const { wantsColour } = require('../lib/terminal/colour.js');
const { renderReport } = require('../lib/terminal/report.js');
const { wrap } = require('../lib/terminal/text.js');
const { formatCount } = require('../lib/terminal/units.js');

/** @typedef {import('./load.js').Load} Load */

const USAGE = `usage: node demo/index.js [--json] [--seconds <n>]
  --json         print the report as JSON, nothing else on stdout
  --seconds <n>  length of the load, 1 to 12 (default 10); it goes on longer where too few major GCs happened`;

/** The heap's floor needs some major GCs to be seen moving. */
const MIN_MAJORS = 5;
const MIN_REQUESTS = 1000;
/** More load where the heap grew too slowly for MIN_MAJORS. */
const EXTRA_ROUNDS = 2;
const EXTRA_SECONDS = 4;
const DEADLINE_MS = 27_000;

async function main() {
  const options = readArguments();
  if (options === null) return;

  const giveUp = new AbortController();
  const deadline = setTimeout(() => giveUp.abort(new Error(`not done after ${DEADLINE_MS / 1000} s`)), DEADLINE_MS);
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.once(name, () => giveUp.abort(new Error(`stopped by ${name}`)));
  }

  const server = await startServer();
  say(`the Express app listens on ${server.url}, process ${server.pid}`);
  try {
    const course = runDemo(server, options.seconds, giveUp.signal);
    const { load, watched } = await Promise.race([course, server.died, aborted(giveUp.signal)]);
    if (options.json) console.log(JSON.stringify(watched.report, null, 2));
    else show(load, watched);
  } finally {
    giveUp.abort(new Error('done'));
    clearTimeout(deadline);
    await server.stop();
    say(`process ${server.pid} ended`);
  }
}

/**
 * @param {import('./server.js').Server} server
 * @param {number} seconds
 * @param {AbortSignal} signal
 */
async function runDemo(server, seconds, signal) {
  let load = await runRound(server, seconds, signal);
  let watched = await server.read();
  for (let round = 0; round < EXTRA_ROUNDS && needsMore(watched); round += 1) {
    load = sum(load, await runRound(server, EXTRA_SECONDS, signal));
    watched = await server.read();
  }
  say(`${formatCount(load.requests)} requests answered, ${formatCount(load.failures)} failed`);
  check(load, watched);
  return { load, watched };
}

/**
 * @param {import('./server.js').Server} server
 * @param {number} seconds
 * @param {AbortSignal} signal
 */
async function runRound({ url }, seconds, signal) {
  say(`load for ${seconds} s`);
  const load = await runLoad(url, seconds, signal, (requests) => progress(`${formatCount(requests)} requests`));
  progress('');
  return load;
}

/**
 * @param {import('../lib/terminal/report.js').Watched} watched
 * @returns {boolean}
 */
function needsMore({ report }) {
  // With no GC at all the recorder is off or broken: more load would not help.
  return report.gc.all.count > 0 && report.gc.major.count < MIN_MAJORS;
}

/**
 * @param {Load} load
 * @param {import('../lib/terminal/report.js').Watched} watched
 */
function check(load, { report }) {
  if (load.failures > 0) throw new Error(`${formatCount(load.failures)} of the requests failed`);
  if (load.requests < MIN_REQUESTS) {
    throw new Error(`only ${formatCount(load.requests)} requests were answered, fewer than ${formatCount(MIN_REQUESTS)}: is the machine very busy?`);
  }
  const { all, major } = report.gc;
  if (all.count === 0) throw new Error('no GC was recorded: is HEAPWATCH_DISABLE set?');
  if (major.count < MIN_MAJORS) throw new Error(`only ${major.count} major GCs were recorded, fewer than ${MIN_MAJORS}`);
}

/**
 * @param {Load} load
 * @param {import('../lib/terminal/report.js').Watched} watched
 */
function show(load, watched) {
  const { columns = 80 } = process.stdout;
  const headline = `An Express app that keeps every request's headers answered ${formatCount(load.requests)} requests in ${load.seconds.toFixed(1)} s.`;
  console.log(`\n${wrap(headline, columns || 80).join('\n')}\n`);
  process.stdout.write(renderReport(watched, { columns, colour: wantsColour(process.stdout) }));
}

/**
 * @param {Load} a
 * @param {Load} b
 * @returns {Load}
 */
function sum(a, b) {
  return { requests: a.requests + b.requests, failures: a.failures + b.failures, seconds: a.seconds + b.seconds };
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<never>}
 */
function aborted(signal) {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** @returns {{ json: boolean, seconds: number } | null} null: the usage was shown instead */
function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'boolean', default: false },
        seconds: { type: 'string', default: '10' },
        help: { type: 'boolean', default: false, short: 'h' },
      },
    });
    if (values.help) {
      console.log(USAGE);
      return null;
    }
    const seconds = Number(values.seconds);
    if (!(Number.isInteger(seconds) && seconds >= 1 && seconds <= 12)) {
      throw new RangeError(`--seconds is ${values.seconds}, it must be a whole number from 1 to 12`);
    }
    return { json: values.json === true, seconds };
  } catch (error) {
    console.error(`demo: ${/** @type {Error} */ (error).message}\n${USAGE}`);
    process.exitCode = 2;
    return null;
  }
}

/** @param {string} what */
function say(what) {
  console.error(`demo: ${what}`);
}

/** @param {string} what on one line of a terminal that is written over; nothing in a file or a pipe */
function progress(what) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${what}`);
}

main().catch((error) => {
  console.error(`demo: ${error.message}`);
  process.exitCode = 1;
});
