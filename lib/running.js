'use strict';

const { HeapwatchError } = require('./errors.js');
const { DEFAULT_LEAK } = require('./leak-options.js');
const { checkStartOptions, defaultSampleIntervalMs } = require('./options.js');
const { warn } = require('./warn.js');
const { Watcher } = require('./watcher.js');

/** @type {InstanceType<typeof Watcher> | null} the one that start() returns until it is stopped */
let current = null;

/**
 * @param {import('../index').StartOptions} [given]
 * @returns {InstanceType<typeof Watcher>}
 */
function start(given) {
  const { signal, thresholds, oom, metricsListen, control, snapshotSignal, ...options } = checkStartOptions(given);
  const running = find();
  if (running && signal?.aborted) return running; // this start was undone before it began
  const watcher = running ?? open(options);
  if (metricsListen !== undefined) listen(watcher, metricsListen);
  // The named options again, even for a new watcher: another copy of this package may be at work in this
  // thread, and then the native part goes on as that one set it.
  watcher.addStart(options, thresholds, signal);
  if (oom !== undefined) watcher.setOom(oom);
  if (control !== undefined || snapshotSignal !== undefined) watcher.setDoors({ control, snapshotSignal });
  if (signal?.aborted) watcher.stop();
  return watcher;
}

/**
 * First of all, for it can fail: then this start() has done nothing.
 *
 * @param {InstanceType<typeof Watcher>} watcher
 * @param {import('./metrics-listen').Listen | false} terms
 */
function listen(watcher, terms) {
  try {
    watcher.setMetricsListen(terms);
  } catch (error) {
    if (!watcher.isStarted) watcher.stop();
    throw error;
  }
}

function stop() {
  find()?.stop();
}

function report() {
  return demand('report').report();
}

/** @param {import('../index').MetricsOptions} [options] */
function metrics(options) {
  return demand('metrics').metrics(options);
}

function reset() {
  demand('reset').reset();
}

/** @param {import('./options').CheckedOptions} options */
function open(options) {
  current = new Watcher({
    sampleIntervalMs: options.sampleIntervalMs
      ?? defaultSampleIntervalMs(process.env, (message) => warn('HEAPWATCH_INVALID_OPTION', message)),
    gcStatistics: options.gcStatistics ?? true,
    leak: options.leak ?? DEFAULT_LEAK,
  });
  return current;
}

/** The watcher that runs in this thread, if one does. */
function find() {
  if (current?.stopped) current = null;
  return current;
}

/** @param {string} what */
function demand(what) {
  const running = find();
  if (running) return running;
  throw new HeapwatchError(
    'HEAPWATCH_NOT_RUNNING',
    `heapwatch: ${what}() needs a running watcher in this thread. Call start() first, or preload it: node --require heapwatch/register app.js`,
  );
}

module.exports = { start, stop, report, metrics, reset, find, demand };
