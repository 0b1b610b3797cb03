'use strict';

// The heap with nothing in it that could go. A collection runs inside a task: what WeakRefs were read in this task, and what
// FinalizationRegistry callbacks let go of, goes only in the next ones, so collections alternate with turns of the event loop.

const v8 = require('node:v8');
const vm = require('node:vm');
const { setImmediate } = require('node:timers');

const { gc: collectThoroughly } = require('../gc.js');

/** After this many times in a row that a second collection found nothing, one is enough, … */
const PROOFS = 3;

/** … until it is tried again, after this many. */
const TRUSTED = 8;

/** @type {(() => void) | undefined} */
let collectFully;

/**
 * V8's own `gc()` where it can be had, as by --expose-gc: one mark-compact. `LowMemoryNotification` makes several and
 * throws compiled code away besides, which comes back with the next call and reads as noise.
 */
function collect() {
  collectFully ??= findCollect();
  collectFully();
}

/** @returns {() => void} */
function findCollect() {
  try {
    v8.setFlagsFromString('--expose-gc');
    const found = vm.runInNewContext('typeof gc === "function" ? gc : undefined');
    if (found !== undefined) return () => found();
  } catch {
    // Flags may be frozen, or forbidden by an embedder: the native part can still ask.
  }
  return collectThoroughly;
}

/** One turn of the event loop, also under fake timers. @returns {Promise<void>} */
const turn = () => new Promise((resolve) => { setImmediate(resolve); });

/**
 * Collects until nothing more goes: at most three times. A collection is most of a round's time, so for a function that leaves nothing for
 * the second one to find, it is left out; what it would have found now and then goes one round later.
 */
class Settler {
  #proofs = 0;
  #trusted = 0;

  /** @param {number} negligibleBytes what is not worth another collection */
  async settle(negligibleBytes) {
    await turn();
    collect();
    if (this.#proofs >= PROOFS && this.#trusted < TRUSTED) {
      this.#trusted += 1;
      return;
    }
    this.#trusted = 0;
    this.#proofs += 1;
    for (let again = 0; again < 2; again += 1) {
      const before = usedBytes();
      await turn();
      collect();
      if (before - usedBytes() < negligibleBytes) return;
      this.#proofs = 0;
    }
  }
}

function usedBytes() {
  const { used_heap_size: heap, external_memory: external } = v8.getHeapStatistics();
  return heap + external;
}

module.exports = { Settler, collect, usedBytes };
