'use strict';

const { AsyncResource } = require('node:async_hooks');

const { setInterval, clearInterval } = require('./clock.js');

// A timer remembers the AsyncLocalStorage stores of whoever made it. A watcher is often started inside
// the first request; its timer must not keep that request alive for as long as the process runs.
const outsideRequests = new AsyncResource('heapwatch');

/** One interval that never keeps the process alive. */
class Pump {
  #tick;
  #periodMs = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /** @param {() => void} tick */
  constructor(tick) {
    this.#tick = tick;
  }

  /** @param {number} periodMs */
  every(periodMs) {
    if (periodMs === this.#periodMs) return;
    this.stop();
    this.#periodMs = periodMs;
    this.#timer = outsideRequests.runInAsyncScope(() => setInterval(this.#tick, periodMs));
    this.#timer.unref();
  }

  stop() {
    clearInterval(this.#timer);
    this.#periodMs = 0;
  }
}

module.exports = { Pump };
