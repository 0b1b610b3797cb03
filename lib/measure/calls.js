'use strict';

/**
 * Calls a function many times. A synchronous one is not awaited, so that a call costs nothing besides itself; nothing that it
 * returns is kept. What it throws ends the measurement: a failing test is not a leak.
 */
class Calls {
  /** A function under test is on the stack: what it starts to measure would wait for itself. */
  static isCalling = false;

  #fn;
  #options;
  /** All so far. */
  total = 0;

  /**
   * @param {() => unknown} fn
   * @param {Pick<import('./options').CheckedMeasureOptions, 'concurrency' | 'setup' | 'teardown' | 'signal'>} options
   */
  constructor(fn, options) {
    this.#fn = fn;
    this.#options = options;
  }

  /**
   * One round.
   *
   * @param {number} count
   * @param {number} [untilMs] on `clock`; a function that is slower than it seemed must not run for ever
   * @param {() => number} [clock]
   * @returns {Promise<number>} how many there were
   */
  async run(count, untilMs = Infinity, clock = () => 0) {
    const { setup, teardown, concurrency } = this.#options;
    if (setup) await setup();
    let made = 0;
    /** @returns {Promise<void>} */
    const lane = async () => {
      while (made < count) {
        this.#options.signal?.throwIfAborted();
        made += 1;
        const answer = this.#call();
        if (isThenable(answer)) await answer;
        if (made % CLOCK_EVERY === 0 && clock() > untilMs) break;
      }
    };
    if (concurrency === 1) await lane();
    else await Promise.all(Array.from({ length: Math.min(concurrency, count) }, lane));
    this.total += made;
    if (teardown) await teardown();
    return made;
  }

  #call() {
    Calls.isCalling = true;
    try {
      return this.#fn();
    } finally {
      Calls.isCalling = false;
    }
  }
}

const CLOCK_EVERY = 8;

/** @param {any} value @returns {value is PromiseLike<unknown>} */
function isThenable(value) {
  return value !== null && typeof value === 'object' && typeof value.then === 'function';
}

module.exports = { Calls };
