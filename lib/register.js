'use strict';

// node --require heapwatch/register app.js
//
// Starts the watcher before the program's first line, in its workers too (they inherit the option).
// The program itself may call start() again, and gets this one.

const { isMainThread } = require('node:worker_threads');

const { start } = require('../index.js');
const { messageOf } = require('./errors.js');
const { isDisabled } = require('./options.js');
const { warn } = require('./warn.js');

/** With NODE_OPTIONS these are the first to see the variable, and would take the port of the program that they start. */
const LAUNCHER = /(?:^|[\\/])(?:npm|npx|yarn|yarnpkg|pnpm|pnpx|corepack)(?:-cli)?(?:\.[cm]?js)?$/;

/**
 * The main thread's listener serves the workers, too. Whoever set the variable did not write the program: a mistake in it, or a port that is taken, is
 * reported and must not take the program down.
 */
function startListening() {
  const metricsListen = process.env.HEAPWATCH_METRICS_LISTEN;
  if (!metricsListen || !isMainThread || LAUNCHER.test(process.argv[1] ?? '')) return start();
  try {
    return start({ metricsListen });
  } catch (error) {
    warn('HEAPWATCH_METRICS_LISTEN', `${messageOf(error)} (From HEAPWATCH_METRICS_LISTEN.)`);
    return start();
  }
}

if (!isDisabled()) startListening();
