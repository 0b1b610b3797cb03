'use strict';

// The heap with nothing in it that could go. A collection runs inside a task: what WeakRefs were read in this task, and what
// FinalizationRegistry callbacks let go of, goes only in the next ones, so collections alternate with turns of the event loop.

const v8 = require('node:v8');
const vm = require('node:vm');
const { setImmediate } = require('node:timers');

const { gc: collectThoroughly } = require('../gc.js');

/** After this many times in a row that a second collection found nothing, one is enough, … */
const PROOFS = 2;

/** … until it is tried again, after this many. */
const TRUSTED = 8;

/** @typedef {{ full: () => void, young: (() => void) | null }} Collections young: null where it cannot be asked for */

/** @type {Collections | undefined} */
let collections;

/**
 * V8's own `gc()` where it can be had, as by --expose-gc: one mark-compact. `LowMemoryNotification` makes several and
 * throws compiled code away besides, which comes back with the next call and reads as noise.
 *
 * What Buffers held is freed by a thread of V8's that the next collection waits for: until then `external_memory` counts it. A minor
 * one is enough to wait, and costs a tenth of a millisecond.
 *
 * @returns {Collections}
 */
function findCollections() {
  try {
    const found = exposedGc();
    const young = () => found?.({ type: 'minor' });
    if (found !== undefined) return { full: () => { found(); young(); }, young: () => { young(); young(); } };
  } catch {
    // Flags may be frozen, or forbidden by an embedder: the native part can still ask.
  }
  return { full: collectThoroughly, young: null };
}

/** @returns {((options?: { type: 'minor' }) => void) | undefined} */
function exposedGc() {
  const isGiven = 'gc' in globalThis;
  v8.setFlagsFromString('--expose-gc');
  try {
    return vm.runInNewContext('typeof gc === "function" ? gc : undefined');
  } finally {
    // Contexts that are made later, such as those of Jest's next test files, must not have a `gc` that the user never asked for.
    if (!isGiven) v8.setFlagsFromString('--no-expose-gc');
  }
}

/** A full collection. */
function collect() {
  collections ??= findCollections();
  collections.full();
}

/** Whether V8 can be asked to collect its young generation alone. */
function hasYoung() {
  collections ??= findCollections();
  return collections.young !== null;
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

  /** The young generation alone: what it leaves is what stays, and garbage that has grown old. Costs a tenth of a full collection, or less. */
  async settleYoung() {
    await turn();
    collections?.young?.();
  }

  /** Once: enough for an estimate. */
  async settleRoughly() {
    await turn();
    collect();
  }

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

module.exports = { Settler, collect, hasYoung, usedBytes };
