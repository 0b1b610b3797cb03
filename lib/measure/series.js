'use strict';

const v8 = require('node:v8');

/** Readings of the settled heap over calls, in arrays that exist before the first one: a measurement must not grow the heap that it measures. */
class Series {
  #calls;
  #heap;
  #external;
  length = 0;

  /** @param {number} capacity */
  constructor(capacity) {
    this.#calls = new Float64Array(capacity);
    this.#heap = new Float64Array(capacity);
    this.#external = new Float64Array(capacity);
  }

  clear() {
    this.length = 0;
  }

  /** @param {number} calls made so far */
  read(calls) {
    const { used_heap_size: heap, external_memory: external } = v8.getHeapStatistics();
    this.#calls[this.length] = calls;
    this.#heap[this.length] = heap;
    this.#external[this.length] = external;
    this.length += 1;
  }

  /**
   * What turned out to be garbage after the last reading had come evenly since an earlier one.
   *
   * @param {number} from the reading that had none
   * @param {{ heap: number, external: number }} floating
   */
  subtract(from, floating) {
    const rounds = this.length - 1 - from;
    for (let at = from + 1; at < this.length; at += 1) {
      const share = (at - from) / rounds;
      this.#heap[at] -= floating.heap * share;
      this.#external[at] -= floating.external * share;
    }
  }

  get calls() {
    return this.#calls.subarray(0, this.length);
  }

  get heap() {
    return this.#heap.subarray(0, this.length);
  }

  get external() {
    return this.#external.subarray(0, this.length);
  }

  /** Heap and external together. */
  get total() {
    return this.heap.map((bytes, at) => bytes + this.#external[at]);
  }
}

module.exports = { Series };
