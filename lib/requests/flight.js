'use strict';

const { now } = require('../clock.js');

/** @typedef {import('../source/source').Tally} Tally */

/** One request on its way: all that is kept about it, in one object. */
class Request {
  /** @type {any} as the framework has it */
  request = null;
  /** @type {any} */
  response = null;
  /** @type {any} the response's own */
  writeHead = null;
  isShown = false;
  isOver = false;

  /**
   * @param {InstanceType<typeof Flight>} flight
   * @param {number} startMs
   * @param {number} pausedMs
   * @param {number} number
   * @param {boolean} wasFirst
   * @param {number | null} shareBytes null: its allocation is not counted
   */
  constructor(flight, startMs, pausedMs, number, wasFirst, shareBytes) {
    this.flight = flight;
    this.startMs = startMs;
    this.pausedMs = pausedMs;
    this.number = number;
    this.wasFirst = wasFirst;
    this.shareBytes = shareBytes;
  }

  /** How long GC has stopped it so far. */
  get gcMs() {
    return this.flight.pausedMs - this.pausedMs;
  }
}

/**
 * The requests that are on their way under one watcher.
 *
 * Time is each one's own: a pause stops all of them for all of its length. What is allocated is the process's: it is counted at the beginning and the end
 * of some requests, and what came up between two counts is shared among those that were on their way meanwhile, by the time that they were, evenly at each moment. A
 * request that was alone gets exactly what came up between its own two counts.
 */
class Flight {
  tally;
  #sampling;
  #inFlight = 0;
  #begun = 0;
  /** When a request last began or ended. */
  #passedMs = 0;
  /** Since the last count: for how long there were requests, and for how long of it one was served that had to share with all others. */
  #busyMs = 0;
  #shareMs = 0;
  #countedBytes = 0;
  /** What a request would have got that was on its way all the time. */
  #shareBytes = 0;

  /**
   * @param {Tally} tally
   * @param {number} sampling share of the requests whose allocation is counted, from 0 to 1
   */
  constructor(tally, sampling) {
    this.tally = tally;
    this.#sampling = sampling;
  }

  get pausedMs() {
    return this.tally.cells[0];
  }

  begin() {
    const startMs = now();
    this.#pass(startMs);
    // By chance, since requests come in patterns: every fourth could always be the same one.
    const isCounted = this.#sampling > 0 && (this.#sampling === 1 || Math.random() < this.#sampling);
    if (isCounted) this.#count();
    const wasFirst = this.#inFlight === 0;
    this.#inFlight += 1;
    this.#begun += 1;
    return new Request(this, startMs, this.pausedMs, this.#begun, wasFirst, isCounted ? this.#shareBytes : null);
  }

  /**
   * @param {Request} request
   * @returns {{ durationMs: number, gcMs: number, bytes: number | null, alone: boolean }} bytes: null where they were not counted, NaN where nobody
   * knows them; alone: they are all its own
   */
  end(request) {
    const endMs = now();
    const { gcMs, shareBytes } = request;
    this.#pass(endMs);
    if (shareBytes !== null) this.#count();
    this.#inFlight -= 1;
    return {
      durationMs: endMs - request.startMs,
      gcMs,
      bytes: shareBytes === null ? null : this.#shareBytes - shareBytes,
      alone: request.wasFirst && request.number === this.#begun,
    };
  }

  /** @param {number} nowMs */
  #pass(nowMs) {
    if (this.#inFlight > 0) {
      this.#busyMs += nowMs - this.#passedMs;
      this.#shareMs += (nowMs - this.#passedMs) / this.#inFlight;
    }
    this.#passedMs = nowMs;
  }

  /** A call into native code takes up to 2 µs where its code has left the processor's caches since the last one. */
  #count() {
    this.tally.count();
    const bytes = this.tally.cells[1];
    // An estimate can step back where V8 trims objects: that is nobody's.
    if (this.#busyMs > 0) this.#shareBytes += Math.max(0, bytes - this.#countedBytes) * (this.#shareMs / this.#busyMs);
    this.#countedBytes = bytes;
    this.#busyMs = 0;
    this.#shareMs = 0;
  }
}

module.exports = { Flight };
