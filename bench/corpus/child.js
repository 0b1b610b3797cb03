'use strict';

const { PerformanceObserver, constants } = require('node:perf_hooks');
const { parseArgs } = require('node:util');

const heapwatch = require('../..');
const { drive } = require('./drive.js');

/**
 * Runs one program under a watcher and sends what was recorded.
 *
 * @typedef {object} Recording
 * @property {string} verdicts      the verdict at the end of each second: l, c or i
 * @property {number | null} leakAtS  when the verdict first became leak
 * @property {any} growth           report().growth at the end
 * @property {[number, number, number, number][]} majors  seconds, heap used and external bytes after it, pause in ms
 * @property {[number, number, number][]} memory  seconds, RSS, heap used
 * @property {number} steps         how often the program was called
 * @property {number} cpu           share of one CPU
 */

const LOOK_MS = 200;

async function main() {
  const { values } = parseArgs({ options: { program: { type: 'string' }, seconds: { type: 'string' }, leak: { type: 'string' }, pace: { type: 'string', default: '1' }, 'until-leak': { type: 'boolean', default: false } } });
  if (!heapwatch.support.native) throw new Error(`heapwatch is degraded here: ${heapwatch.support.reason}`);
  const seconds = Number(values.seconds);
  /** @type {import('./programs').Program} */
  const program = require(String(values.program));

  const watcher = heapwatch.start({ leak: JSON.parse(String(values.leak)) });
  const startedMs = Date.now();
  const sinceStart = () => (Date.now() - startedMs) / 1000;
  const external = externalAfterMajors();

  /** @type {Recording['memory']} */
  const memory = [];
  let verdicts = '';
  /** @type {number | null} */
  let leakAtS = null;
  let looks = 0;
  const timer = setInterval(() => {
    looks += 1;
    const { growth, rss, heapUsed } = watcher.report();
    if (growth.verdict === 'leak') leakAtS ??= round(sinceStart(), 2);
    if (looks % (1000 / LOOK_MS) !== 0) return;
    verdicts += growth.verdict[0];
    memory.push([round(sinceStart(), 2), rss, heapUsed]);
  }, LOOK_MS);

  const cpu = process.cpuUsage();
  let steps = 0;
  const counted = () => {
    const step = program.start();
    return (/** @type {number} */ elapsedMs) => {
      steps += 1;
      step(elapsedMs);
    };
  };
  await drive({ ...program, start: counted }, seconds, { pace: Number(values.pace), isDone: () => values['until-leak'] && leakAtS !== null });
  clearInterval(timer);
  const used = process.cpuUsage(cpu);
  const { growth } = watcher.report();
  const majors = watcher.pauses().filter(({ kind }) => kind === 'major').map(({ timeMs, pauseMs, heapUsedAfter }) =>
    /** @type {[number, number, number, number]} */ ([round((timeMs + pauseMs - startedMs) / 1000, 3), heapUsedAfter, external(timeMs + pauseMs), round(pauseMs, 1)]));
  verdicts += growth.verdict[0];
  /** @type {Recording} */
  const recording = { verdicts, leakAtS, growth, majors, memory, steps, cpu: round((used.user + used.system) / 1e6 / sinceStart(), 2) };
  process.send?.(recording, () => process.exit());
}

/**
 * The pauses do not tell what external memory there is after them: read as soon as the event loop turns.
 *
 * @returns {(timeMs: number) => number} what was read first after that time
 */
function externalAfterMajors() {
  /** @type {{ timeMs: number, bytes: number }[]} */
  const readings = [];
  new PerformanceObserver((list) => {
    const isMajor = list.getEntries().some((entry) => /** @type {any} */ (entry).detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR);
    if (isMajor) readings.push({ timeMs: Date.now(), bytes: process.memoryUsage().external });
  }).observe({ entryTypes: ['gc'] });
  return (timeMs) => (readings.find((reading) => reading.timeMs >= timeMs - 2) ?? readings.at(-1))?.bytes ?? 0;
}

/**
 * @param {number} value
 * @param {number} digits
 */
const round = (value, digits) => Number(value.toFixed(digits));

main();
