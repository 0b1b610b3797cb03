'use strict';

const { anyOf } = require('../abort.js');
const { setTimeout } = require('../clock.js');
const { Refusal } = require('./refusal.js');

/** What is heavy is done one thing at a time, and not for ever: who comes meanwhile is told to come again. */
class OneAtATime {
  #timeoutMs;
  #onChange;
  #closed = new AbortController();
  /** @type {string | null} what is being done */
  busy = null;

  /**
   * @param {number} timeoutMs
   * @param {() => void} onChange
   */
  constructor(timeoutMs, onChange) {
    this.#timeoutMs = timeoutMs;
    this.#onChange = onChange;
  }

  /**
   * @template T
   * @param {string} what
   * @param {AbortSignal | undefined} gone aborts when nobody waits for it any more
   * @param {(signal: AbortSignal) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async run(what, gone, work) {
    if (this.busy !== null) throw new Refusal(429, `${this.busy} already, one at a time`, { retryAfterMs: 2000 });
    this.busy = what;
    this.#onChange();
    try {
      return await this.#bounded(gone, work);
    } finally {
      this.busy = null;
      this.#onChange();
    }
  }

  /**
   * @template T
   * @param {AbortSignal | undefined} gone
   * @param {(signal: AbortSignal) => Promise<T>} work
   */
  async #bounded(gone, work) {
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(new DOMException('', 'TimeoutError')), this.#timeoutMs).unref();
    try {
      return await work(anyOf([over.signal, this.#closed.signal, ...(gone ? [gone] : [])]));
    } finally {
      clearTimeout(timer);
      over.abort();
    }
  }

  /** Ends what is going on, and what would come. */
  close() {
    this.#closed.abort(new Refusal(503, 'the dashboard was closed'));
  }
}

module.exports = { OneAtATime };
