'use strict';

// Assertions that are still at work. One that is there when its test ends was not awaited: it would pass whatever it finds.

const { exclusively } = require('../measure/exclusively.js');

/**
 * test: whatever the runner tells one test by; found: what it knows already; who leaks is looked for then.
 *
 * @typedef {{ name: string, test: unknown, abort: AbortController, found: string | null }} Pending
 */

/** @type {Set<Pending>} */
const pending = new Set();

/**
 * One after another, from the first call to the last.
 *
 * @template T
 * @param {string} name
 * @param {unknown} test
 * @param {(signal: AbortSignal, tell: (found: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function track(name, test, work) {
  /** @type {Pending} */
  const mine = { name, test, abort: new AbortController(), found: null };
  const { signal } = mine.abort;
  pending.add(mine);
  try {
    return await exclusively(() => work(signal, (found) => { mine.found = found; }), signal);
  } catch (error) {
    // Its test has been told already. Nobody handles a rejection of what nobody awaits: it would end the runner's process.
    if (signal.aborted) return await new Promise(() => {});
    throw error;
  } finally {
    pending.delete(mine);
    mine.abort.abort();
  }
}

/**
 * Ends those of a test and throws if there were any.
 *
 * @param {unknown} test
 */
const demandNone = (test) => demand([...pending].filter((each) => each.test === test));

/** Likewise, whatever test they are of. */
const demandNoneAtAll = () => demand([...pending]);

/** @param {Pending[]} forgotten */
function demand(forgotten) {
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
const notAwaited = (names) => `heapwatch: ${names.join(', ')} had not finished when the test ended, so it would have passed whatever it found. Await the promise that it returns; if that is done, give the test more time`;

/** Names of what is still at work. */
const unfinished = () => [...pending].map(({ name }) => name);

module.exports = { track, demandNone, demandNoneAtAll, unfinished, notAwaited };
