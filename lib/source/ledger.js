'use strict';

/**
 * The last so many of something, in order, with a reading position: bounded whatever the uptime, and
 * what was overwritten before it was read is counted.
 *
 * @template T
 */
class Ledger {
  /** @type {T[]} */
  #items = [];
  #capacity;
  #added = 0;
  #taken = 0;

  /** @param {number} capacity */
  constructor(capacity) {
    this.#capacity = capacity;
  }

  /** @param {T} item */
  add(item) {
    this.#items[this.#added % this.#capacity] = item;
    this.#added += 1;
  }

  /** Everything that is still held, oldest first. */
  all() {
    const start = this.#added % this.#capacity;
    return this.#added > this.#capacity ? [...this.#items.slice(start), ...this.#items.slice(0, start)] : this.#items.slice();
  }

  /** What was added since the last call, and how much of it is gone. */
  take() {
    const fresh = this.#added - this.#taken;
    const lost = Math.max(0, fresh - this.#capacity);
    this.#taken = this.#added;
    return { items: fresh === 0 ? [] : this.all().slice(lost - fresh), lost };
  }
}

module.exports = { Ledger };
