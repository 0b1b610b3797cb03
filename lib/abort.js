'use strict';

// AbortSignals of whatever realm and age: jsdom 20, Jest 29's, has neither `throwIfAborted()` nor `AbortSignal.any()`, and Node 20.0 no `any()`.

/** @param {AbortSignal} signal that has aborted */
const reasonOf = (signal) => signal.reason ?? new DOMException('This operation was aborted', 'AbortError');

/** @param {AbortSignal | undefined} signal */
function throwIfAborted(signal) {
  if (signal?.aborted) throw reasonOf(signal);
}

/**
 * Aborts when one of them does, and lets go of the others then: whoever is done aborts one of its own, for others may live long.
 *
 * @param {AbortSignal[]} signals
 * @returns {AbortSignal}
 */
function anyOf(signals) {
  const all = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) all.abort(reasonOf(signal));
    else signal.addEventListener('abort', () => all.abort(reasonOf(signal)), { signal: all.signal });
  }
  return all.signal;
}

/**
 * Rejects with the signal's reason as soon as it aborts, whatever becomes of the work: what a caller's function waits for may never come.
 *
 * @template T
 * @param {AbortSignal | undefined} signal
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function unlessAborted(signal, work) {
  if (signal === undefined) return work();
  throwIfAborted(signal);
  let onAbort = () => {};
  const aborted = new Promise((_, reject) => {
    onAbort = () => reject(reasonOf(signal));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return /** @type {T} */ (await Promise.race([work(), aborted]));
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

module.exports = { anyOf, throwIfAborted, unlessAborted };
