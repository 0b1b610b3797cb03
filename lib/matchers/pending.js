'use strict';

// Assertions that are still at work. One that is there when its test ends was not awaited: it would pass whatever it finds.

/** @typedef {{ name: string, test: string | undefined, abort: AbortController }} Pending */

/** @type {Set<Pending>} */
const pending = new Set();

/**
 * @template T
 * @param {string} name
 * @param {string | undefined} test
 * @param {(signal: AbortSignal) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function track(name, test, work) {
  const mine = { name, test, abort: new AbortController() };
  pending.add(mine);
  try {
    return await work(mine.abort.signal);
  } finally {
    pending.delete(mine);
  }
}

/**
 * Ends those of a test and throws if there were any.
 *
 * @param {string | undefined} test
 */
function demandNone(test) {
  const forgotten = [...pending].filter((each) => each.test === test);
  for (const each of forgotten) {
    pending.delete(each);
    each.abort.abort(new Error('the test has ended'));
  }
  if (forgotten.length > 0) throw new Error(notAwaited(forgotten.map(({ name }) => name)));
}

/** @param {string[]} names */
const notAwaited = (names) => `heapwatch: ${names.join(', ')} had not finished when the test ended, so it would have passed whatever it found. It returns a promise: await it`;

/** Names of what is still at work. */
const unfinished = () => [...pending].map(({ name }) => name);

module.exports = { track, demandNone, unfinished, notAwaited };
