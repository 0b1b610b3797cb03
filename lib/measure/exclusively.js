'use strict';

// Measurements run one after another, each with what follows from it (who leaks is looked for): two at a time would measure each other.

const { unlessAborted } = require('../abort.js');
const { clearInterval, setInterval } = require('../clock.js');
const { HeapwatchError } = require('../errors.js');
const { shared } = require('../shared.js');
const { isUnderTest } = require('./calls.js');

/** A call that takes so long, and longer than its measurement may, is stuck. */
const STUCK_MS = 10_000;

/** Seconds in which the event loop turns, not those of a clock: a debugger's or a machine's standstill says nothing. */
const LOOK_MS = 1000;

/**
 * Ends with the last one that was asked for. One that hangs must not be waited for by the next test file, so it is this module's own.
 *
 * @type {Promise<void>}
 */
let last = Promise.resolve();

/**
 * @template T
 * @param {() => Promise<T>} work
 * @param {AbortSignal} [signal] ends the wait for its turn
 * @returns {Promise<T>}
 */
async function exclusively(work, signal) {
  if (shared.measuring?.progress != null && isUnderTest(exclusively)) throw new HeapwatchError('HEAPWATCH_BUSY', 'heapwatch: the function under test measures something itself, and would wait for its own end: measurements run one after another. Call measure() outside of it.');
  const before = last;
  const mine = unlessAborted(signal, () => turn(before)).then(work);
  last = Promise.allSettled([before, mine]).then(() => {});
  return mine;
}

/**
 * Waits for the measurements before. One of them may wait for this one, where a callback in its function under test has started it:
 * then its call neither ends nor is another one begun.
 *
 * @param {Promise<unknown>} before
 * @returns {Promise<void>}
 */
function turn(before) {
  /** @type {number | null} */
  let progress = null;
  let still = 0;
  /** @type {NodeJS.Timeout} */
  let timer;
  const waited = new Promise((/** @type {(value?: any) => void} */ resolve, reject) => {
    timer = setInterval(() => {
      const now = shared.measuring?.progress ?? null;
      still = now !== null && now === progress ? still + 1 : 0;
      progress = now;
      const mostMs = Math.max(STUCK_MS, shared.measuring?.maxMs ?? 0);
      if (still * LOOK_MS >= mostMs) {
        reject(new HeapwatchError('HEAPWATCH_BUSY', `heapwatch: measure() waits for another measurement, one call of whose function has taken ${mostMs / 1000} s so far. If that call waits for this one, both would wait for ever: call measure() outside of the function under test.`));
      }
    }, LOOK_MS);
    before.then(resolve);
  });
  return waited.finally(() => clearInterval(timer));
}

module.exports = { exclusively };
