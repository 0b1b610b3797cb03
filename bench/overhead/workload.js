'use strict';

const { setImmediate: nextTurn } = require('node:timers/promises');

const { allocateShortLived } = require('../lib/garbage.js');

const TURN_BYTES = 512 * 1024;

/** Larger than the caches of a core alone. */
const EVICTING_BYTES = 2e6;

/**
 * A fixed amount of allocation, about one minor GC a megabyte with --max-semi-space-size=1. The loop turns twice a GC, as
 * a server's does, so that observers deliver, and are paid for, while they are measured.
 */
class Workload {
  /** @type {Float64Array | null} */
  #evicting = null;
  /** @type {object[]} */
  #live = [];

  /** @param {{ cold: boolean }} options  cold: a heap of 100 MB, and caches full of other things whenever a GC begins */
  constructor({ cold }) {
    if (!cold) return;
    this.#evicting = new Float64Array(EVICTING_BYTES / Float64Array.BYTES_PER_ELEMENT);
    this.#live = Array.from({ length: 1_000_000 }, (_, i) => ({ i, next: [i] }));
  }

  /** @param {number} megabytes */
  async run(megabytes) {
    for (let done = 0; done < megabytes * 1024 * 1024; done += TURN_BYTES) {
      allocateShortLived(TURN_BYTES);
      this.#evicting?.fill(done);
      await nextTurn();
    }
    return this.#live.length;
  }
}

module.exports = { Workload };
