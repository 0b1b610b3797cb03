'use strict';

// The degraded mode: what can be known without the native part, behind the same interface.
//
// Node reports GCs to observers from the event loop, so they come late, after whatever blocked it; and
// without sizes. What is unknown is 0 (freed, allocated) or null (heap after the last major GC), as
// index.d.ts says.

const { writeSync } = require('node:fs');
const { PerformanceObserver } = require('node:perf_hooks');
const { threadId } = require('node:worker_threads');

const { now, unixNow, timeOrigin } = require('../clock.js');
const { oldGenerationLimitBytes } = require('../heap-limit.js');
const { native } = require('../native.js');
const { judgeHealth } = require('./health.js');
const { Ledger } = require('./ledger.js');
const { readMemory, readSizes } = require('./memory.js');
const { PauseRecorder } = require('./pause-recorder.js');
const { warnOnce } = require('../warn.js');
const { Threshold } = require('./thresholds.js');
const { Tiers } = require('./tiers.js');

/** @typedef {import('./source').Source} Source */
/** @typedef {import('node:perf_hooks').PerformanceEntry & { detail?: { kind?: number, flags?: number } }} GcEntry */
/** @typedef {import('../../index').Pause} Pause */
/** @typedef {import('../../index').Sample} Sample */
/** @typedef {import('./source').Crossing} Crossing */

/** V8's GCType. Node's constants of perf_hooks lack 2, the minor mark-sweep that can take the place of scavenges. */
const KIND_OF_TYPE = new Map(/** @type {const} */ ([[1, 'minor'], [2, 'minor'], [4, 'major'], [8, 'incremental'], [16, 'weak']]));

const FLAG_FORCED = 4;

/** Pauses and samples that are kept for pauses() and for events; as many as in the native part of a worker. */
const LEDGER_CAPACITY = 1024;

/** Crossings that are kept until they are handed out; as many as in the native part. */
const CROSSINGS_CAPACITY = 16;

/** How old the sizes may be that health() goes by: reading them takes longer than a probe should. */
const LIMITS_AGE_MS = 1000;

/** A timer may fire a little early, and must not lose its sample by that. */
const TIMER_TOLERANCE_MS = 5;

const GROWTH_UNKNOWN = {
  verdict: /** @type {const} */ ('inconclusive'),
  reason: 'the heap after major GCs, which growth is judged by, is known to the native part alone',
  bytesPerSecond: 0,
  interval: /** @type {[number, number]} */ ([0, 0]),
  samples: 0,
  spanMs: 0,
  floorBytes: 0,
  detectableBytesPerSecond: 0,
  limitInMs: null,
  place: null,
  sinceMs: null,
  changes: [],
  parts: { heap: partUnknown(), external: partUnknown(), native: partUnknown() },
};

/** @implements {Source} */
class PerfHooksSource {
  name = /** @type {const} */ ('perf_hooks');
  #sampleIntervalMs;
  #inert;
  #observer;
  /** @type {InstanceType<typeof Ledger<Pause>>} */
  #pauses = new Ledger(LEDGER_CAPACITY);
  /** @type {InstanceType<typeof Ledger<Sample>>} */
  #samples = new Ledger(LEDGER_CAPACITY);
  #tiers = new Tiers();
  #kinds = newKinds();
  #oldGenerationLimit = oldGenerationLimitBytes();
  #startedMs = now();
  #resetMs = this.#startedMs;
  #sampledMs = -Infinity;
  /** @type {Map<number, InstanceType<typeof Threshold>>} */
  #thresholds = new Map();
  /** @type {InstanceType<typeof Ledger<Crossing>>} */
  #crossings = new Ledger(CROSSINGS_CAPACITY);
  /** The longest since the rules were looked at. */
  #longestPauseMs = 0;
  #limits = { readMs: -Infinity, heapUsedRatio: 0, usedRatio: 0 };

  /**
   * @param {import('./source').SourceOptions} options
   * @param {{ inert?: boolean }} [mode] inert: no observer, nothing is recorded, reports hold the current sizes
   */
  constructor({ sampleIntervalMs }, { inert = false } = {}) {
    this.#sampleIntervalMs = sampleIntervalMs;
    this.#inert = inert;
    this.#observer = inert || !hasGcEntries() ? null : observeGc((entries) => this.#takeEntries(entries));
  }

  get tickMs() {
    if (this.#inert) return null;
    return this.#sampleIntervalMs === 0 ? Infinity : this.#sampleIntervalMs;
  }

  /** @param {{ sampleIntervalMs?: number }} options */
  configure({ sampleIntervalMs = this.#sampleIntervalMs }) {
    this.#sampleIntervalMs = sampleIntervalMs;
  }

  /** @param {import('./source').SourceRule} rule */
  addRule(rule) {
    if (this.#thresholds.size === 0) {
      this.#flush();
      this.#longestPauseMs = 0; // what was before nobody asked about
    }
    this.#thresholds.set(rule.id, new Threshold(rule));
    if (rule.snapshot) warnOnce('HEAPWATCH_SNAPSHOT_UNSUPPORTED', "heapwatch: a rule's action 'snapshot' needs the native part: its other actions are done.");
  }

  /** @param {import('../exporters/metrics-options').CheckedMetricsOptions} options */
  metrics({ openMetrics }) {
    // Numbers that are missing must not end a service: a comment, where the format has any, says why.
    return openMetrics ? '# EOF\n' : `# heapwatch has no metrics here: ${native().reason ?? 'it is switched off.'}\n`;
  }

  /** @returns {import('../exporters/family').MetricFamily[]} */
  metricFamilies() {
    return [];
  }

  /** @param {number} id */
  removeRule(id) {
    this.#thresholds.delete(id);
  }

  tally() {
    return null;
  }

  /** @returns {import('../../index').Health} */
  health() {
    if (this.#inert) return { status: 'ok', reason: 'HEAPWATCH_DISABLE is set: nothing is known' };
    this.#flush();
    if (now() - this.#limits.readMs >= LIMITS_AGE_MS) this.#limits = { ...readMemory(this.#oldGenerationLimit), readMs: now() };
    const { heapUsedRatio, usedRatio } = this.#limits;
    return judgeHealth({ last10s: this.#fullRatio(10_000), last1m: this.#fullRatio(60_000), heapUsedRatio, usedRatio });
  }

  /** @returns {import('./source').ReportJson} */
  report() {
    this.#flush();
    const all = this.#kinds.all.toGcKind();
    return {
      schemaVersion: 1,
      source: this.name,
      pid: process.pid,
      threadId,
      uptimeMs: now() - this.#startedMs,
      ...readMemory(this.#oldGenerationLimit),
      gc: {
        all,
        minor: this.#kinds.minor.toGcKind(),
        major: this.#kinds.major.toGcKind(),
        incremental: this.#kinds.incremental.toGcKind(),
        weak: this.#kinds.weak.toGcKind(),
        timeRatio: {
          last10s: this.#perMs('gcMs', 10_000),
          last1m: this.#perMs('gcMs', 60_000),
          lifetime: all.totalMs / Math.max(1, now() - this.#resetMs),
        },
        droppedEvents: 0,
      },
      allocation: {
        bytesPerSecond: 0,
        totalBytes: 0,
        promotedBytesPerSecond: 0,
        survivalRatio: 0,
      },
      growth: GROWTH_UNKNOWN,
      threads: [],
    };
  }

  timeline() {
    this.#flush();
    return this.#tiers.toTimeline(unixNow());
  }

  /** @param {number} sinceMs */
  pauses(sinceMs) {
    this.#flush();
    return this.#pauses.all().filter((pause) => pause.timeMs >= sinceMs);
  }

  drain() {
    this.#flush();
    const gc = this.#pauses.take();
    const samples = this.#samples.take();
    const crossings = this.#crossings.take();
    if (gc.items.length + samples.items.length + crossings.items.length === 0) return null;
    return { gc: gc.items, samples: samples.items, lost: gc.lost, hookSilent: false, crossings: crossings.items, leak: false };
  }

  seen() {
    const due = this.#sampledMs + this.#sampleIntervalMs - TIMER_TOLERANCE_MS;
    if (this.#sampleIntervalMs > 0 && now() >= due) this.#sample();
    if (this.#thresholds.size > 0 && !this.#inert) this.#evaluate();
  }

  reset() {
    this.#flush();
    this.#kinds = newKinds();
    this.#resetMs = now();
  }

  detach() {
    this.#flush();
    this.#observer?.disconnect(); // this observer alone: others in the process keep theirs
    this.#observer = null;
  }

  /** What Node has queued for the observer but not delivered yet. */
  #flush() {
    if (this.#observer) this.#takeEntries(this.#observer.takeRecords());
  }

  /** @param {GcEntry[]} entries all of the batch: the first alone would hide most major GCs behind their last incremental step */
  #takeEntries(entries) {
    for (const entry of entries) {
      const kind = KIND_OF_TYPE.get(/** @type {any} */ (entry.detail?.kind));
      // Node hands an entry to whoever observes when it is delivered, also to one that came after the GC.
      if (kind === undefined || entry.startTime < this.#startedMs) continue;
      const pause = {
        kind,
        timeMs: timeOrigin + entry.startTime,
        pauseMs: entry.duration,
        freedBytes: 0,
        heapUsedBefore: 0,
        heapUsedAfter: 0,
        forced: ((entry.detail?.flags ?? 0) & FLAG_FORCED) !== 0,
        nested: false, // Node leaves out a GC inside another one's callbacks
      };
      if (entry.startTime >= this.#resetMs) {
        this.#kinds.all.add(pause.pauseMs);
        this.#kinds[kind].add(pause.pauseMs);
      }
      this.#longestPauseMs = Math.max(this.#longestPauseMs, pause.pauseMs);
      this.#tiers.addPause(pause);
      this.#pauses.add(pause);
    }
    if (entries.length > 0 && this.#sampleIntervalMs === 0) this.#sample();
  }

  #sample() {
    const sample = { timeMs: unixNow(), ...readSizes(), heapAfterLastMajorGc: null };
    this.#tiers.addSample(sample);
    this.#samples.add(sample);
    this.#sampledMs = now();
  }

  #evaluate() {
    this.#flush();
    const memory = readMemory(this.#oldGenerationLimit);
    const values = {
      maxHeapUsedBytes: memory.heapUsed,
      maxUsedRatio: memory.usedRatio,
      maxRssBytes: memory.rss,
      maxExternalBytes: memory.external,
      maxGcPauseMs: this.#longestPauseMs,
      maxGcTimeRatio: this.#fullRatio(10_000),
      maxGrowthBytesPerSecond: 0, // unknown, and so never over a limit
    };
    this.#longestPauseMs = 0;
    for (const [id, threshold] of this.#thresholds) {
      if (!threshold.evaluate(now(), values)) continue;
      this.#crossings.add({ rule: id, timeMs: unixNow(), values });
      if (threshold.rule.log) logLine(`heapwatch: process ${process.pid} thread ${threadId}: ${threshold.describe(values)}`);
    }
  }

  /**
   * GC's share of the full window, even where the watcher is younger, and whoever reset what: a start-up
   * is no crisis.
   *
   * @param {number} windowMs
   */
  #fullRatio(windowMs) {
    return Math.min(1, this.#tiers.sumSince('gcMs', wholeSecond(unixNow() - windowMs)) / windowMs);
  }

  /**
   * Over the window, in whole seconds, or what has passed of it since the start or the last reset.
   *
   * @param {'gcMs'} field
   * @param {number} windowMs
   */
  #perMs(field, windowMs) {
    const nowMs = unixNow();
    const sinceMs = wholeSecond(Math.max(nowMs - windowMs, timeOrigin + this.#resetMs));
    return this.#tiers.sumSince(field, sinceMs) / Math.max(1, Math.min(nowMs - sinceMs, now() - this.#resetMs));
  }
}

/**
 * To the file itself, as the native part does it: process.stderr of a worker is written by the main thread.
 *
 * @param {string} line
 */
function logLine(line) {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // A closed stderr is nobody's to mend here.
  }
}

/** @returns {import('../../index').GrowthPart} */
function partUnknown() {
  return { bytesPerSecond: 0, interval: [0, 0], floorBytes: 0 };
}

/** @param {number} ms */
const wholeSecond = (ms) => Math.floor(ms / 1000) * 1000;

/** @param {(entries: GcEntry[]) => void} take */
function observeGc(take) {
  const observer = new PerformanceObserver((list) => take(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  return observer;
}

/** False on Bun, and on Deno, which lists them but never makes one: there, sizes are all that is left. */
function hasGcEntries() {
  return process.versions.deno === undefined && (PerformanceObserver?.supportedEntryTypes?.includes('gc') ?? false);
}

function newKinds() {
  const recorder = () => new PauseRecorder();
  return { all: recorder(), minor: recorder(), major: recorder(), incremental: recorder(), weak: recorder() };
}

module.exports = { PerfHooksSource, hasGcEntries };
