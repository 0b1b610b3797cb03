'use strict';

const { throwIfAborted, unlessAborted } = require('../abort.js');
const { now } = require('../clock.js');
const { shared } = require('../shared.js');

/** @typedef {Pick<InstanceType<typeof Calls>, 'progress' | 'maxMs'>} Measuring */

/** Sees the calls of a round, without what is around them. @typedef {{ begin: () => void, end: (made: number) => void }} Observer */

/**
 * Calls a function many times. A synchronous one is not awaited, so that a call costs nothing besides itself; nothing that it
 * returns is kept. What it throws ends the measurement: a failing test is not a leak.
 */
class Calls {
  #fn;
  #options;
  /** All so far. */
  total = 0;
  /** Of the function, and of what is around it: that have begun, and that have ended. */
  #begun = 0;
  #ended = 0;

  /**
   * @param {() => unknown} fn
   * @param {Pick<import('./options').CheckedMeasureOptions, 'concurrency' | 'setup' | 'teardown' | 'signal' | 'maxMs'>} options
   */
  constructor(fn, options) {
    this.#fn = fn;
    this.#options = options;
  }

  /** What the measurement is given, in milliseconds. */
  get maxMs() {
    return this.#options.maxMs;
  }

  /** Changes with every call that begins or ends; null while none is under way. */
  get progress() {
    return this.#begun > this.#ended ? this.#begun + this.#ended : null;
  }

  /**
   * One round. What was set up is torn down, also after a failure.
   *
   * @param {number} count
   * @param {{ mostMs?: number, recorder?: Observer }} [options] mostMs: a function that is slower than it seemed must not run for ever
   * @returns {Promise<{ made: number, ms: number }>} how many calls there were, and how long they took
   */
  async run(count, { mostMs = Infinity, recorder } = {}) {
    const { setup, teardown, signal } = this.#options;
    const { measuring } = shared;
    shared.measuring = this;
    try {
      await unlessAborted(signal, () => this.#around(setup));
      let round;
      try {
        recorder?.begin();
        round = await unlessAborted(signal, () => this.#call(count, mostMs));
        recorder?.end(round.made);
      } catch (error) {
        // What teardown throws then is a consequence.
        await this.#around(teardown).catch(() => {});
        throw error;
      }
      await this.#around(teardown);
      return round;
    } finally {
      shared.measuring = measuring;
    }
  }

  /**
   * @param {number} count
   * @param {number} mostMs
   */
  async #call(count, mostMs) {
    const { concurrency, signal } = this.#options;
    const startMs = now();
    let made = 0;
    /** @type {{ error: unknown }[]} */
    const failures = [];
    const heapwatchCallsUnderTest = async () => {
      while (made < count && failures.length === 0) {
        made += 1;
        this.#begun += 1;
        try {
          throwIfAborted(signal);
          const answer = this.#fn();
          if (isThenable(answer)) await answer;
        } catch (error) {
          failures.push({ error });
        } finally {
          this.#ended += 1;
        }
        if (made % CLOCK_EVERY === 0 && now() - startMs > mostMs) break;
      }
    };
    // After a failure too the others are waited for: none goes on behind the next measurement.
    await Promise.all(Array.from({ length: Math.min(concurrency, count) }, heapwatchCallsUnderTest));
    if (failures.length > 0) throw failures[0].error;
    this.total += made;
    return { made, ms: now() - startMs };
  }

  /** @param {(() => unknown) | undefined} work of the user's, before or after a round */
  async #around(work) {
    if (!work) return;
    const heapwatchCallsUnderTest = async () => { await work(); };
    this.#begun += 1;
    try {
      await heapwatchCallsUnderTest();
    } finally {
      this.#ended += 1;
    }
  }
}

/**
 * Whether it is called by a function under test, or by what is around it, before or after an `await`: what that starts to measure would wait for itself.
 *
 * By the stack, on which V8 has those that wait as well (asynchronous stack traces): so a call costs nothing for it. No stack leads from a callback to
 * whoever waits for it.
 *
 * @param {Function} callee is left out, and what it calls
 */
function isUnderTest(callee) {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = Infinity;
    Error.prepareStackTrace = (_, sites) => sites;
    const stack = /** @type {{ stack?: NodeJS.CallSite[] }} */ ({});
    Error.captureStackTrace(stack, callee);
    return stack.stack?.some((site) => site.getFunctionName() === 'heapwatchCallsUnderTest') ?? false;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

const CLOCK_EVERY = 8;

/** @param {any} value @returns {value is PromiseLike<unknown>} */
function isThenable(value) {
  return value !== null && typeof value === 'object' && typeof value.then === 'function';
}

module.exports = { Calls, isUnderTest };
