'use strict';

// Assertions that are still at work. One that is there when its test ends was not awaited: it would pass whatever it finds.

/**
 * found: what it knows already; who leaks is looked for then.
 *
 * @typedef {{ name: string, test: string | undefined, abort: AbortController, found: string | null }} Pending
 */

/** @type {Set<Pending>} */
const pending = new Set();

/**
 * @template T
 * @param {string} name
 * @param {string | undefined} test
 * @param {(signal: AbortSignal, tell: (found: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function track(name, test, work) {
  /** @type {Pending} */
  const mine = { name, test, abort: new AbortController(), found: null };
  pending.add(mine);
  try {
    return await work(mine.abort.signal, (found) => { mine.found = found; });
  } catch (error) {
    // Its test has been told already. Nobody handles a rejection of what nobody awaits: it would end the runner's process.
    if (mine.abort.signal.aborted) return await new Promise(() => {});
    throw error;
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
  const told = forgotten.filter(({ found }) => found !== null);
  if (told.length > 0) throw new Error(told.map(({ name, found }) => outOfTime(name, found)).join('\n'));
  if (forgotten.length > 0) throw new Error(notAwaited(forgotten.map(({ name }) => name)));
}

/** @param {string} name @param {string | null} found */
const outOfTime = (name, found) => `${found}\n  ${name} was still looking for who leaks when the test ended. Give the test more time (a timeout of 30 s) to read that`;

/** @param {string[]} names */
const notAwaited = (names) => `heapwatch: ${names.join(', ')} had not finished when the test ended, so it would have passed whatever it found. It returns a promise: await it`;

/** Names of what is still at work. */
const unfinished = () => [...pending].map(({ name }) => name);

module.exports = { track, demandNone, unfinished, notAwaited };
