'use strict';

const { setInterval, clearInterval, setTimeout, now } = require('../clock.js');
const { messageOf } = require('../errors.js');
const { warn } = require('../warn.js');
const { whenOver } = require('../requests/when-over.js');
const { Refusal } = require('./refusal.js');

/** @typedef {import('node:http').ServerResponse} Response */

const TICK_MS = 1000;

/** A client that leaves more than this unread is let go: it loads the state anew when it comes back. */
const MAX_BUFFERED_BYTES = 64 * 1024;

/** A stream ends after this and is asked for again: whoever may no longer see it is noticed, and so is who has gone without a word. */
const MAX_AGE_MS = 300_000;

/** What is not read at the end is cut off after this. */
const GRACE_MS = 5000;

/** Server-sent events: each update is made once for all clients, once a second, and only while there are clients. */
class Streams {
  /** @type {Map<Response, number>} with the time of its opening */
  #clients = new Map();
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #source;
  #limits;

  /**
   * @param {{ begin: () => void, tick: () => unknown }} source
   * @param {{ maxClients: number, tickMs?: number, maxBufferedBytes?: number, maxAgeMs?: number, graceMs?: number }} limits
   */
  constructor(source, { tickMs = TICK_MS, maxBufferedBytes = MAX_BUFFERED_BYTES, maxAgeMs = MAX_AGE_MS, graceMs = GRACE_MS, ...limits }) {
    this.#source = source;
    this.#limits = { ...limits, tickMs, maxBufferedBytes, maxAgeMs, graceMs };
  }

  get size() {
    return this.#clients.size;
  }

  /** Whether the timer runs. */
  get isTicking() {
    return this.#timer !== undefined;
  }

  /**
   * @param {Response} response
   * @param {() => unknown} [greeting] the first update, for this one alone
   */
  open(response, greeting) {
    if (this.#clients.size >= this.#limits.maxClients) throw new Refusal(503, `${this.#limits.maxClients} pages are open already (dashboard({ maxClients }))`, { retryAfterMs: 30_000 });
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
    response.on('error', () => this.#forget(response)); // a socket that broke: its close follows, or has been
    whenOver(response, () => this.#forget(response));
    response.socket?.setKeepAlive?.(true, this.#limits.graceMs);
    response.socket?.setNoDelay?.(true);
    if (this.#clients.size === 0) this.#begin();
    this.#clients.set(response, now());
    response.write('retry: 1000\n\n');
    if (greeting) response.write(event(greeting()));
  }

  #begin() {
    this.#source.begin();
    this.#timer = setInterval(() => this.#tick(), this.#limits.tickMs).unref();
  }

  #tick() {
    const { maxBufferedBytes, maxAgeMs } = this.#limits;
    let update;
    try {
      update = event(this.#source.tick());
    } catch (error) {
      // An exception in a timer ends the process, which is never a page's to do.
      warn('HEAPWATCH_DASHBOARD', `heapwatch: the dashboard could not be updated: ${messageOf(error)}`);
      this.close();
      return;
    }
    const nowMs = now();
    for (const [response, sinceMs] of this.#clients) {
      if (response.writableLength > maxBufferedBytes) {
        this.#forget(response); // one that waits for its turn on its connection is told of no close
        response.destroy();
      } else if (nowMs - sinceMs > maxAgeMs) this.#end(response);
      else response.write(update);
    }
  }

  /** @param {Response} response */
  #end(response) {
    this.#forget(response);
    response.end();
    const timer = setTimeout(() => response.destroy(), this.#limits.graceMs).unref();
    response.once('close', () => clearTimeout(timer));
  }

  /** @param {Response} response */
  #forget(response) {
    this.#clients.delete(response);
    if (this.#clients.size > 0 || this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Ends them all. */
  close() {
    for (const response of this.#clients.keys()) this.#end(response);
  }
}

/** @param {unknown} data */
const event = (data) => `data: ${JSON.stringify(data)}\n\n`;

module.exports = { Streams };
