'use strict';

// The degraded mode: what can be known without the native part, behind the same interface.
//
// Node reports GCs to observers from the event loop, so entries come late, after a loop that was
// blocked; and they carry neither sizes nor the allocations between them. What is unknown is 0 (sizes,
// allocation) or null (heap after the last major GC), as index.d.ts says of each field.

const os = require('node:os');
const v8 = require('node:v8');
const { PerformanceObserver } = require('node:perf_hooks');
const { threadId } = require('node:worker_threads');

const { now, unixNow, timeOrigin } = require('../clock.js');
const { oldGenerationLimitBytes } = require('../heap-limit.js');
const { Ledger } = require('./ledger.js');
const { PauseRecorder } = require('./pause-recorder.js');
const { Tiers } = require('./tiers.js');

/** @typedef {import('./source').Source} Source */
/** @typedef {import('../../index').Pause} Pause */
/** @typedef {import('../../index').Sample} Sample */

/** V8's GCType. Node's constants of perf_hooks lack 2, the minor mark-sweep that may take the place of scavenges. */
const KIND_OF_TYPE = new Map(/** @type {const} */ ([[1, 'minor'], [2, 'minor'], [4, 'major'], [8, 'incremental'], [16, 'weak']]));

const FLAG_FORCED = 4;

/** How many pauses and samples are kept for pauses() and for listeners that come late to them. */
const LEDGER_CAPACITY = 1024;

/** Counted by V8 as old generation: all spaces but these. */
const NOT_OLD_GENERATION = new Set(['new_space', 'new_large_object_space', 'read_only_space']);

/** @implements {Source} */
class PerfHooksSource {
  name = /** @type {const} */ ('perf_hooks');
  #sampleIntervalMs;
  #inert;
  #observer;
  /** @type {Ledger<Pause>} */
  #pauses = new Ledger(LEDGER_CAPACITY);
  /** @type {Ledger<Sample>} */
  #samples = new Ledger(LEDGER_CAPACITY);
  #tiers = new Tiers();
  #kinds = newKinds();
  #oldGenerationLimit = oldGenerationLimitBytes();
  #startedMs = now();
  #sampledMs = -Infinity;
  #allocatedAtReset = totalAllocatedBytes();
  #allocatedAtSample = this.#allocatedAtReset;

  /**
   * @param {import('./source').SourceOptions} options
   * @param {{ inert?: boolean }} [mode] inert: no observer, nothing is recorded, reports hold the current sizes
   */
  constructor({ sampleIntervalMs }, { inert = false } = {}) {
    this.#sampleIntervalMs = sampleIntervalMs;
    this.#inert = inert;
    this.#observer = inert ? null : observeGc((entries) => this.#takeEntries(entries));
  }

  get tickMs() {
    if (this.#inert) return null;
    return this.#sampleIntervalMs === 0 ? Infinity : this.#sampleIntervalMs;
  }

  /** @param {{ sampleIntervalMs?: number }} options */
  configure({ sampleIntervalMs = this.#sampleIntervalMs }) {
    this.#sampleIntervalMs = sampleIntervalMs;
  }

  /** @returns {import('./source').ReportJson} */
  report() {
    this.#flush();
    const memory = process.memoryUsage();
    const heap = v8.getHeapStatistics();
    const spaces = heapSpaces();
    const uptimeMs = now() - this.#startedMs;
    const containerLimit = containerLimitBytes();
    const heapUsedRatio = oldGenerationUsed(spaces) / this.#oldGenerationLimit;
    const containerUsedRatio = containerLimit === null ? null : memory.rss / containerLimit;
    const gc = mapValues(this.#kinds, (recorder) => recorder.toGcKind());
    const allocated = totalAllocatedBytes();
    return {
      schemaVersion: 1,
      source: this.name,
      pid: process.pid,
      threadId,
      uptimeMs,
      ...pickMemory(memory),
      arrayBuffers: memory.arrayBuffers,
      heapLimit: heap.heap_size_limit,
      containerLimit,
      memoryLimit: Math.min(heap.heap_size_limit, containerLimit ?? Infinity),
      usedRatio: Math.max(heapUsedRatio, containerUsedRatio ?? 0),
      heapUsedRatio,
      containerUsedRatio,
      heapAfterLastMajorGc: null,
      sampleAgeMs: 0,
      spaces,
      gc: {
        ...gc,
        timeRatio: {
          last10s: this.#rate('gcMs', 10_000) / 1000,
          last1m: this.#rate('gcMs', 60_000) / 1000,
          lifetime: ratio(gc.all.totalMs, uptimeMs),
        },
        droppedEvents: 0,
      },
      allocation: {
        bytesPerSecond: this.#rate('allocatedBytes', 10_000),
        totalBytes: allocated === null ? 0 : allocated - (this.#allocatedAtReset ?? 0),
        exact: allocated !== null,
        promotedBytesPerSecond: 0,
        survivalRatio: 0,
      },
      threads: [],
    };
  }

  timeline() {
    this.#flush();
    return this.#tiers.toTimeline();
  }

  /** @param {number} sinceMs */
  pauses(sinceMs) {
    this.#flush();
    return this.#pauses.all().filter((pause) => pause.timeMs >= sinceMs).map((pause) => ({ ...pause }));
  }

  drain() {
    this.#flush();
    const gc = this.#pauses.take();
    const samples = this.#samples.take();
    if (gc.items.length + samples.items.length === 0) return null;
    return { gc: gc.items, samples: samples.items, lost: gc.lost + samples.lost, hookSilent: false };
  }

  seen() {
    if (this.#sampleIntervalMs === 0) return;
    // A little tolerance: a timer that fires a little early must not lose its sample.
    if (now() - this.#sampledMs >= this.#sampleIntervalMs - 5) this.#sample();
  }

  reset() {
    this.#flush();
    this.#kinds = newKinds();
    this.#startedMs = now();
    this.#allocatedAtReset = totalAllocatedBytes();
  }

  detach() {
    this.#flush();
    this.#observer?.disconnect(); // this observer alone: others in the process keep theirs
    this.#observer = null;
  }

  /** What Node has queued for the observer but not delivered yet. */
  #flush() {
    if (this.#observer?.takeRecords) this.#takeEntries(this.#observer.takeRecords());
  }

  /** @param {import('node:perf_hooks').PerformanceEntry[]} entries all of the batch */
  #takeEntries(entries) {
    for (const entry of entries) {
      const { kind: type = 0, flags = 0 } = /** @type {{ kind?: number, flags?: number }} */ (entry.detail ?? {});
      const kind = KIND_OF_TYPE.get(/** @type {any} */ (type));
      if (kind === undefined) continue;
      const pause = {
        kind,
        timeMs: timeOrigin + entry.startTime,
        pauseMs: entry.duration,
        freedBytes: 0,
        heapUsedBefore: 0,
        heapUsedAfter: 0,
        forced: (flags & FLAG_FORCED) !== 0,
        nested: false, // Node leaves a GC inside another one's callbacks out
      };
      this.#kinds.all.add(pause.pauseMs);
      this.#kinds[kind].add(pause.pauseMs);
      this.#tiers.addPause(pause);
      this.#pauses.add(pause);
    }
    if (entries.length > 0 && this.#sampleIntervalMs === 0) this.#sample();
  }

  #sample() {
    const sample = { timeMs: unixNow(), ...pickMemory(process.memoryUsage()), heapAfterLastMajorGc: null };
    const allocated = totalAllocatedBytes();
    this.#tiers.addSample(sample, allocated === null ? 0 : allocated - (this.#allocatedAtSample ?? 0));
    this.#samples.add(sample);
    this.#sampledMs = now();
    this.#allocatedAtSample = allocated;
  }

  /**
   * Per second, over the last `windowMs` or since the start.
   *
   * @param {'gcMs' | 'allocatedBytes'} field
   * @param {number} windowMs
   */
  #rate(field, windowMs) {
    const spanMs = Math.min(windowMs, now() - this.#startedMs);
    return 1000 * ratio(this.#tiers.sumSince(field, unixNow() - spanMs), spanMs);
  }
}

/**
 * @param {(entries: import('node:perf_hooks').PerformanceEntry[]) => void} take
 */
function observeGc(take) {
  if (!hasGcEntries()) return null;
  const observer = new PerformanceObserver((list) => take(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  return observer;
}

/** False on Bun and Deno: there, sizes are all that is left. */
function hasGcEntries() {
  return PerformanceObserver?.supportedEntryTypes?.includes('gc') ?? false;
}

function newKinds() {
  const kinds = /** @type {const} */ (['all', 'minor', 'major', 'incremental', 'weak']);
  return /** @type {Record<typeof kinds[number], PauseRecorder>} */ (Object.fromEntries(kinds.map((kind) => [kind, new PauseRecorder()])));
}

/** @returns {import('../../index').Report['spaces']} */
function heapSpaces() {
  return Object.fromEntries(v8.getHeapSpaceStatistics().map((space) => [space.space_name, {
    size: space.space_size,
    used: space.space_used_size,
    available: space.space_available_size,
    physical: space.physical_space_size,
  }]));
}

/** @param {import('../../index').Report['spaces']} spaces */
function oldGenerationUsed(spaces) {
  let used = 0;
  for (const [name, space] of Object.entries(spaces)) if (!NOT_OLD_GENERATION.has(name)) used += space.used;
  return used;
}

/** What the cgroup allows, by Node's account; null: no limit below the machine's memory. */
function containerLimitBytes() {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 && limit < os.totalmem() ? limit : null;
}

/** Node 26 counts every allocated byte; before it, nothing does. */
function totalAllocatedBytes() {
  return /** @type {{ total_allocated_bytes?: number }} */ (v8.getHeapStatistics()).total_allocated_bytes ?? null;
}

/** @param {NodeJS.MemoryUsage} memory */
const pickMemory = ({ rss, heapTotal, heapUsed, external }) => ({ rss, heapTotal, heapUsed, external });

/**
 * @param {number} part
 * @param {number} whole
 */
const ratio = (part, whole) => (whole > 0 ? part / whole : 0);

/**
 * @template {string} K, V, R
 * @param {Record<K, V>} object
 * @param {(value: V) => R} map
 */
function mapValues(object, map) {
  return /** @type {Record<K, R>} */ (Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(/** @type {V} */ (value))])));
}

module.exports = { PerfHooksSource, hasGcEntries };
