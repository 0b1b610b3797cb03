'use strict';

// One planted program under a watcher, in a process of its own: `node subject.js <number> <seconds>`. A leak that
// was found needs no more time.

const { setTimeout: sleep } = require('node:timers/promises');

const { start, support } = require('../../../index.js');
const { PROGRAMS, STEP_MS } = require('./programs.js');

/**
 * @typedef {object} Outcome
 * @property {import('../../../index').Growth['verdict']} verdict
 * @property {string} reason
 * @property {number} afterMs
 * @property {number} majors
 * @property {string | null} degraded
 */

/** A verdict in seconds: the programs' own noise varies faster than this. */
const LEAK = { minSpanMs: 3000, minMajors: 6, assist: { everyMs: 250, maxPauseMs: 100 } };

const LOOK_MS = 250;

const MOST_STEPS_AT_ONCE = 25;

/**
 * @param {import('./programs').Planted} program
 * @param {number} seconds
 * @returns {Promise<Outcome>}
 */
async function observe(program, seconds) {
  const watcher = start({ leak: LEAK });
  const step = program.start();
  const startedMs = performance.now();
  let lookedMs = 0;
  let elapsedMs = 0;
  let drivenMs = 0;
  while (elapsedMs < seconds * 1000) {
    // A turn that was late makes up for it: on a busy machine a leak must not seem to slow down.
    drivenMs = Math.max(drivenMs, elapsedMs - MOST_STEPS_AT_ONCE * STEP_MS);
    for (; drivenMs <= elapsedMs; drivenMs += STEP_MS) step(drivenMs);
    await sleep(STEP_MS);
    elapsedMs = performance.now() - startedMs;
    if (elapsedMs - lookedMs < LOOK_MS) continue;
    lookedMs = elapsedMs;
    if (watcher.report().growth.verdict === 'leak') break;
  }
  const { growth, gc } = watcher.report();
  return { verdict: growth.verdict, reason: growth.reason, afterMs: Math.round(elapsedMs), majors: gc.major.count, degraded: support.reason };
}

const [index, seconds] = process.argv.slice(2).map(Number);
observe(PROGRAMS[index], seconds).then((outcome) => process.send?.(outcome, () => process.exit()));
