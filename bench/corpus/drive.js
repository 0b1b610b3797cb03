'use strict';

/** A program is called once for this much time that passes; in between the event loop is free. */
const TURN_MS = 10;

/** A loop that was late makes up for it, as requests come whether the server is busy or not; but not for more than this. */
const MOST_AT_ONCE = 25;

/**
 * Drives a program of the corpus.
 *
 * @param {import('./programs').Program} program
 * @param {number} seconds
 * @param {object} [options]
 * @param {() => boolean} [options.isDone] asked at each turn
 * @param {number} [options.pace] how much faster the program's time passes
 * @returns {Promise<void>} settled after so many seconds, or once it is done
 */
function drive(program, seconds, { isDone = () => false, pace = 1 } = {}) {
  const step = program.start();
  const startedMs = performance.now();
  let drivenMs = 0;
  return new Promise((resolve) => {
    const turn = () => {
      const elapsedMs = performance.now() - startedMs;
      if (elapsedMs >= seconds * 1000 || isDone()) return resolve();
      const dueMs = elapsedMs * pace;
      drivenMs = Math.max(drivenMs, dueMs - MOST_AT_ONCE * pace * TURN_MS);
      for (; drivenMs <= dueMs; drivenMs += TURN_MS) step(drivenMs);
      setTimeout(turn, TURN_MS);
    };
    turn();
  });
}

module.exports = { drive };
