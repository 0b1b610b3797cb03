'use strict';

/**
 * Calls a function many times. A synchronous one is not awaited, so that a call costs nothing besides itself; nothing that it
 * returns is kept. What it throws ends the measurement: a failing test is not a leak.
 */
class Calls {
  /** In all measurements: that have begun, and that have ended. */
  static #begun = 0;
  static #ended = 0;

  /** Whether this is called by a function under test, before or after an `await`: what it starts to measure would wait for itself. */
  static isInside() {
    return this.#begun > this.#ended && callersOf(Calls.isInside).includes(__filename);
  }

  /** Changes with every call that begins or ends; null while none is under way. */
  static get progress() {
    return this.#begun > this.#ended ? this.#begun + this.#ended : null;
  }

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
        Calls.#begun += 1;
        try {
          const answer = this.#fn();
          if (isThenable(answer)) await answer;
        } finally {
          Calls.#ended += 1;
        }
        if (made % CLOCK_EVERY === 0 && clock() > untilMs) break;
      }
    };
    if (concurrency === 1) await lane();
    else await Promise.all(Array.from({ length: Math.min(concurrency, count) }, lane));
    this.total += made;
    if (teardown) await teardown();
    return made;
  }
}

/**
 * The files of the functions that called this one, and of those that wait for them.
 *
 * @param {Function} callee
 * @returns {(string | null | undefined)[]}
 */
function callersOf(callee) {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = Infinity;
    Error.prepareStackTrace = (_, sites) => sites;
    const stack = /** @type {{ stack?: NodeJS.CallSite[] }} */ ({});
    Error.captureStackTrace(stack, callee);
    return stack.stack?.map((site) => site.getFileName()) ?? [];
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

module.exports = { Calls };
