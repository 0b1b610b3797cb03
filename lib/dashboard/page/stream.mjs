// @ts-nocheck: runs in a browser

import { base } from './dom.mjs';

// Updates, once a second. A connection that ends is taken up again, later each time; a page that nobody sees has none.

const FIRST_MS = 1000;
const LAST_MS = 30_000;

/** A server that ticks and is not heard for this long is not there any more. */
const SILENT_MS = 8000;

export class Stream {
  #source = null;
  #tries = 0;
  #timer = 0;
  #watch = 0;
  #on;

  /** on: { sinceMs(), tick(update), status(text, isLive), opened(isAgain) } */
  constructor(on) {
    this.#on = on;
    document.addEventListener('visibilitychange', () => (document.hidden ? this.#pause() : this.#open()));
    addEventListener('online', () => { this.#tries = 0; this.#open(); });
    if (!document.hidden) this.#open();
  }

  #open() {
    clearTimeout(this.#timer);
    this.#source?.close();
    const source = new EventSource(`${base}stream?since=${Math.floor(this.#on.sinceMs())}`);
    this.#source = source;
    source.onopen = () => { this.#on.opened(this.#tries > 0 || this.wasPaused); this.wasPaused = false; this.#tries = 0; this.#expect(); };
    source.onmessage = ({ data }) => { this.#expect(); this.#on.status('Live', true); this.#on.tick(JSON.parse(data)); };
    source.onerror = () => this.#retry();
  }

  #expect() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#retry(), SILENT_MS);
  }

  #retry() {
    clearTimeout(this.#watch);
    this.#source?.close();
    this.#source = null;
    if (document.hidden) return;
    this.#tries += 1;
    // Somewhat at random: pages that lost one server shall not all come back at once.
    const waitMs = Math.min(LAST_MS, FIRST_MS * 2 ** (this.#tries - 1)) * (0.75 + Math.random() / 2);
    this.#on.status(`Not connected. Again in ${Math.ceil(waitMs / 1000)} s`, false);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), waitMs);
  }

  #pause() {
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
    this.#source?.close();
    this.#source = null;
    this.wasPaused = true;
    this.#on.status('Paused', false);
  }
}
