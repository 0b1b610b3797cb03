'use strict';

const v8 = require('node:v8');

const { now } = require('../clock.js');
const { Calls } = require('./calls.js');
const { Series } = require('./series.js');
const { Settler, hasYoung, usedBytes } = require('./settle.js');

/** A round of calls takes about this long: well above the collections' own noise, and some dozens fit into a second. */
const ROUND_MS = 8;

/** A round that takes so many times as long as it should is cut short: some leaks make every call slower than the last. So does a busy machine: not too soon. */
const SLOWER = 12;

/** A slow function may take longer for a round, so that there are more calls than one in it. */
const FEWEST_CALLS = 10;

/** More calls than this a round say nothing more about a fast function. */
const MOST_CALLS = 2000;

/** What all rounds of a size together may leave behind: a leak of megabytes a call must be measured, not suffered. */
const ROOM_BYTES = 48 * 1024 * 1024;

/** And of the room that V8 has left, this share. */
const ROOM_SHARE = 0.2;

/** Rounds of one size before a verdict is given up for that size. */
const MAX_ROUNDS = 48;

/** Until then V8 compiles and learns, and libraries fill what they fill: for slow functions in a share of the time there is. */
const WARMUP_CALLS = 200;
const WARMUP_SHARE = 0.15;

/** Warm-up ends by itself long before this, unless it never ends. */
const MAX_WARMUP_ROUNDS = 16;

/** V8's young generation holds about as much; so many times it is filled at most. */
const YOUNG_BYTES = 64 * 1024 * 1024;
const MOST_YOUNG = 3;

/** Collections themselves leave as much. */
const NEGLIGIBLE_BYTES = 512;

/** Of what a series grew by, this share may have been garbage that had grown old. */
const FLOATING_SHARE = 0.25;

/**
 * Runs rounds of calls, each followed by a settled reading; knows how many calls make a round.
 *
 * A full collection takes as long as the heap is large, and a test runner's is. So at first only the young generation is collected after each
 * round, and all of it at the end: that shows how much of the readings was garbage. Where it was little, it is subtracted; else, and where the readings decide
 * nothing, they are made again with a full collection each.
 */
class Rounds {
  /** Whether readings are made after collections of the young generation. */
  isLight = hasYoung();
  series = new Series(MAX_ROUNDS + 1);
  callsPerRound = 1;
  warmupCalls = 0;
  /** Where warm-up ended; larger rounds begin anew later. */
  #origin = { calls: 0, bytes: 0 };
  #calls;
  #recorder;
  #options;
  #settler = new Settler();
  #startMs = now();
  /** Of one call, roughly. */
  #callMs = Infinity;

  /**
   * @param {() => unknown} fn
   * @param {import('./options').CheckedMeasureOptions} options
   * @param {InstanceType<typeof import('./recorder').Recorder>} recorder
   */
  constructor(fn, options, recorder) {
    this.#calls = new Calls(fn, options);
    this.#recorder = recorder;
    this.#options = options;
  }

  get calls() {
    return this.#calls.total;
  }

  get elapsedMs() {
    return now() - this.#startMs;
  }

  get leftMs() {
    return this.#options.maxMs - this.elapsedMs;
  }

  /** A call, rounds of 1, 2, 4 … calls until one is long enough, then rounds of the size found until the heap no longer grows less with each. */
  async warmUp() {
    await this.#settler.settleRoughly();
    const startBytes = usedBytes();
    // The first call loads, connects and compiles: its time says nothing of the others'.
    await this.#run(1);
    this.#callMs = Infinity;
    const untilMs = this.elapsedMs + this.#options.maxMs * WARMUP_SHARE;
    for (let count = 1; count <= MOST_CALLS; count *= 2) {
      await this.#run(count);
      if (this.leftMs < this.#options.maxMs / 2) break;
      if (this.#callMs * count >= ROUND_MS) break;
      if (usedBytes() - startBytes > ROOM_BYTES / 4) break;
    }
    while (this.calls < WARMUP_CALLS && this.elapsedMs < untilMs && usedBytes() - startBytes < ROOM_BYTES / 4) await this.#run(this.#fewestCalls);
    await this.#settleRound();
    const bytesPerCall = Math.max(1, (usedBytes() - startBytes) / this.calls);
    this.callsPerRound = this.#fitting(Math.max(this.#fewestCalls, Math.min(MOST_CALLS, Math.round(ROUND_MS / this.#callMs))), bytesPerCall);
    let before = Infinity;
    for (let round = 0; round < MAX_WARMUP_ROUNDS && this.leftMs > this.#options.maxMs * 0.6; round += 1) {
      const fromBytes = usedBytes();
      const made = await this.#round();
      const grown = (usedBytes() - fromBytes) / made;
      // It grows as much as before, or by next to nothing: what is to come is like what was.
      if (round > 0 && (Math.abs(grown) < this.#options.toleranceBytes / 2 || grown > 0.7 * before)) break;
      before = grown;
    }
    if (this.isLight) await this.#settle();
    this.#restart();
    this.#origin = { calls: this.calls, bytes: usedBytes() };
  }

  /**
   * All that has grown since warm-up, whatever rounds and bursts it came in.
   *
   * @returns {{ rate: number, grownBytes: number, flatCalls: number, missingCalls: number }} bytes per call, and in all; how many calls the present rounds are, and how many more there would have to be for as many as before
   */
  get overall() {
    const calls = this.calls - this.#origin.calls;
    const grownBytes = usedBytes() - this.#origin.bytes;
    const flatCalls = this.calls - this.series.calls[0];
    return { rate: grownBytes / Math.max(1, calls), grownBytes, flatCalls, missingCalls: this.series.calls[0] - flatCalls };
  }

  /** Recorded rounds of the present size. */
  get count() {
    return this.series.length - 1;
  }

  /** @param {number} wanted rounds @returns {Promise<boolean>} whether there was time for them */
  async until(wanted) {
    while (this.count < Math.min(wanted, MAX_ROUNDS)) {
      if (this.leftMs <= 0) break;
      await this.#round();
      this.series.read(this.calls);
    }
    if (this.isLight && !await this.#endLightly()) {
      this.isLight = false;
      this.#restart();
      return this.until(wanted);
    }
    return this.leftMs > 0 || this.count >= wanted;
  }

  /** A full collection shows what of the readings was garbage. @returns {Promise<boolean>} false: too much of it */
  async #endLightly() {
    const { series } = this;
    const last = series.length - 1;
    const calls = series.calls[last] - series.calls[0];
    const grown = series.total[last] - series.total[0];
    await this.#settle();
    const { used_heap_size: heap, external_memory: external } = v8.getHeapStatistics();
    const floating = { heap: series.heap[last] - heap, external: series.external[last] - external };
    const bytes = Math.abs(floating.heap) + Math.abs(floating.external);
    if (bytes > Math.max((calls * this.#options.toleranceBytes) / 2, grown * FLOATING_SHARE)) return false;
    series.subtract(0, floating);
    return true;
  }

  /** From now on with full collections. */
  thoroughly() {
    this.isLight = false;
    this.#restart();
  }

  get isFull() {
    return this.count >= MAX_ROUNDS;
  }

  /**
   * Begins anew with larger rounds; what was is warm-up.
   *
   * @param {number} factor
   * @param {number} bytesPerCall
   * @returns {boolean} false: they are as large as they can be
   */
  enlarge(factor, bytesPerCall) {
    const larger = this.#fitting(this.callsPerRound * factor, Math.max(1, bytesPerCall));
    const isLarger = larger > this.callsPerRound;
    this.isLight = false;
    this.callsPerRound = Math.max(this.callsPerRound, larger);
    this.#restart();
    return isLarger || factor === 1;
  }

  /**
   * The rounds' own collections leave V8 no need of any. Where none was seen, and calls enough to cause some take little time, they are made.
   *
   * @param {number} maxMs
   */
  async provokeCollections(maxMs) {
    const untilMs = this.elapsedMs + maxMs;
    const count = Math.ceil(YOUNG_BYTES / Math.max(1, this.#recorder.allocatedBytesPerCall));
    for (let again = 0; again < MOST_YOUNG && !this.#recorder.hasCollections; again += 1) {
      const leftMs = untilMs - this.elapsedMs;
      if (count * this.#callMs > leftMs) return;
      await this.burst(count, leftMs, 1);
    }
  }

  /**
   * Many calls at once.
   *
   * @param {number} count
   * @param {number} maxMs
   * @param {number} bytesPerCall
   * @returns {Promise<{ calls: number, bytes: number }>} how many there were, and what stays of them
   */
  async burst(count, maxMs, bytesPerCall) {
    const wanted = Math.max(this.callsPerRound, Math.min(count, Math.floor(maxMs / this.#callMs), Math.floor(room() / bytesPerCall)));
    const fromBytes = usedBytes();
    const { made } = await this.#calls.run(wanted, { mostMs: maxMs, recorder: this.#recorder });
    await this.#settle();
    return { calls: made, bytes: usedBytes() - fromBytes };
  }

  #restart() {
    this.series.clear();
    this.warmupCalls = this.calls;
    this.series.read(this.calls);
  }

  async #round() {
    const made = await this.#run(this.callsPerRound, this.#recorder);
    await this.#settleRound();
    return made;
  }

  #settleRound() {
    return this.isLight ? this.#settler.settleYoung() : this.#settle();
  }

  #settle() {
    return this.#settler.settle(Math.max(NEGLIGIBLE_BYTES, (this.callsPerRound * this.#options.toleranceBytes) / 16));
  }

  /**
   * @param {number} count
   * @param {InstanceType<typeof import('./recorder').Recorder>} [recorder]
   */
  async #run(count, recorder) {
    const { made, ms } = await this.#calls.run(count, { mostMs: SLOWER * Math.max(ROUND_MS, count * this.#callMs), recorder });
    // The quickest counts: a busy machine makes calls slower, never faster, and rounds of few calls say little.
    this.#callMs = Math.max(1e-5, Math.min(this.#callMs, ms / made));
    return made;
  }

  /**
   * Of the wanted calls, as many as time and memory allow for 30 rounds.
   *
   * @param {number} wanted
   * @param {number} bytesPerCall
   */
  #fitting(wanted, bytesPerCall) {
    const byTime = (Math.max(this.leftMs, 0) * 0.7) / 30 / this.#callMs;
    const byRoom = room() / 30 / bytesPerCall;
    // Fewer calls than are wanted at once would never be at once.
    return Math.max(1, Math.floor(Math.min(wanted, Math.max(byTime, this.#options.concurrency), byRoom)));
  }

  get #fewestCalls() {
    return Math.max(FEWEST_CALLS, this.#options.concurrency);
  }
}

/** What may be left behind, in bytes. */
function room() {
  const { heap_size_limit: limit, used_heap_size: used } = v8.getHeapStatistics();
  return Math.min(ROOM_BYTES, Math.max(0, limit - used) * ROOM_SHARE);
}

module.exports = { Rounds };
