'use strict';

const { now } = require('../clock.js');

/** @typedef {import('../source/source').Tally} Tally */

/** One request on its way. */
class Request {
  /**
   * @param {InstanceType<typeof Flight>} flight
   * @param {number} pausedMs
   * @param {number} shareBytes
   * @param {number} number
   * @param {boolean} alone
   */
  constructor(flight, pausedMs, shareBytes, number, alone) {
    this.flight = flight;
    this.pausedMs = pausedMs;
    this.shareBytes = shareBytes;
    this.number = number;
    this.alone = alone;
    this.isOver = false;
    this.startMs = now(); // last: what we do ourselves is not the request's time
  }

  /** How long GC has stopped it so far. */
  get gcMs() {
    return this.flight.pausedMs - this.pausedMs;
  }
}

/**
 * The requests that are on their way under one watcher. Time is each one's own: a pause stops all of them for all of its length. What is allocated is
 * the process's: what came up between two moments at which a request began or ended is shared evenly among those that were on their way.
 */
class Flight {
  tally;
  #inFlight = 0;
  #begun = 0;
  #countedBytes = 0;
  /** What a request would have got that was on its way all the time. */
  #shareBytes = 0;

  /** @param {Tally} tally */
  constructor(tally) {
    this.tally = tally;
  }

  get pausedMs() {
    return this.tally.cells[0];
  }

  begin() {
    this.#advance();
    const alone = this.#inFlight === 0;
    this.#inFlight += 1;
    this.#begun += 1;
    return new Request(this, this.pausedMs, this.#shareBytes, this.#begun, alone);
  }

  /**
   * @param {Request} request
   * @returns {{ durationMs: number, gcMs: number, bytes: number, alone: boolean }} bytes: NaN where unknown; alone: they are all its own
   */
  end(request) {
    const durationMs = now() - request.startMs;
    const { gcMs } = request;
    this.#advance();
    this.#inFlight -= 1;
    return { durationMs, gcMs, bytes: this.#shareBytes - request.shareBytes, alone: request.alone && request.number === this.#begun };
  }

  #advance() {
    this.tally.count();
    const bytes = this.tally.cells[1];
    // An estimate can step back where V8 trims objects: that is nobody's.
    if (this.#inFlight > 0) this.#shareBytes += Math.max(0, bytes - this.#countedBytes) / this.#inFlight;
    this.#countedBytes = bytes;
  }
}

module.exports = { Flight };
