'use strict';

const { unixNow } = require('../clock.js');
const { find } = require('../running.js');
const { support } = require('../support.js');
const { groupSizes } = require('../source/memory.js');
const { packPauses, packTimeline, row } = require('./history.js');

/** @typedef {import('../../index').Report} Report */
/** @typedef {import('../../index').Watcher} Watcher */

/** GCs that one update tells of: a storm has thousands a second, and nobody sees more points than these. The longest are told. */
const PAUSES_A_TICK = 150;

/** Who was away for longer loads the state anew. */
const MISSED_MS = 60_000;

/** A GC is known by its beginning, and told at its end. */
const LONGEST_MS = 2000;

const KINDS = /** @type {const} */ (['minor', 'major', 'incremental', 'weak', 'all']);

/** Reads the watcher for the page: all of it when a page is loaded, and what changes once a second. */
class State {
  #given;
  #events;
  /** Up to when GCs were told to the streams. */
  #toldMs = 0;
  #toldEvents = 0;
  /** @type {() => number} */
  #snapshotsRevision;

  /**
   * @param {Watcher | undefined} watcher
   * @param {InstanceType<typeof import('./events').Events>} events
   * @param {() => number} snapshotsRevision
   */
  constructor(watcher, events, snapshotsRevision) {
    this.#given = watcher;
    this.#events = events;
    this.#snapshotsRevision = snapshotsRevision;
  }

  /** @returns {Watcher | null} */
  get watcher() {
    return this.#given ?? /** @type {any} */ (find());
  }

  /** What a page begins with. */
  full() {
    const { watcher } = this;
    if (watcher === null) return { watching: false, nowMs: unixNow(), events: this.#events.all() };
    const now = this.#now(watcher);
    return { ...now, ranges: packTimeline(watcher.timeline()), pauses: packPauses(watcher.pauses()), events: this.#events.all() };
  }

  /** From here on ticks tell of GCs. */
  beginTicks() {
    this.#toldMs = unixNow();
    this.#toldEvents = this.#events.revision;
  }

  /** What is new since the last tick, for all streams at once. */
  tick() {
    const { watcher } = this;
    if (watcher === null) return { watching: false, nowMs: unixNow() };
    const now = this.#now(watcher);
    const fresh = watcher.pauses(this.#toldMs).filter(({ timeMs }) => timeMs > this.#toldMs);
    if (fresh.length > 0) this.#toldMs = fresh[fresh.length - 1].timeMs;
    const shown = fresh.length <= PAUSES_A_TICK ? fresh : fresh.sort((a, b) => b.pauseMs - a.pauseMs).slice(0, PAUSES_A_TICK).sort((a, b) => a.timeMs - b.timeMs);
    const hasNews = this.#events.revision !== this.#toldEvents;
    this.#toldEvents = this.#events.revision;
    return { ...now, rows: shown.map(row), ...(hasNews && { events: this.#events.all() }) };
  }

  /**
   * What a page has missed between its making and its stream, or since it lost the one before.
   *
   * @param {number} sinceMs
   */
  since(sinceMs) {
    const { watcher } = this;
    if (watcher === null) return { watching: false, nowMs: unixNow() };
    const fromMs = Math.max(sinceMs || 0, unixNow() - MISSED_MS) - LONGEST_MS;
    return { ...this.#now(watcher), rows: watcher.pauses(fromMs).slice(-PAUSES_A_TICK).map(row) };
  }

  /** @param {Watcher} watcher */
  #now(watcher) {
    const report = watcher.report();
    this.#events.see(report.growth);
    const { gc, threads, spaces, ...rest } = report;
    return {
      watching: true,
      ...rest,
      nowMs: unixNow(),
      degraded: report.source === 'native' ? null : support.reason ?? 'heapwatch is switched off (HEAPWATCH_DISABLE)',
      health: watcher.health(),
      ...groupSizes(spaces),
      gc: { ...gc, ...Object.fromEntries(KINDS.map((kind) => [kind, kindRow(gc[kind])])) },
      threads: threads.map(threadRow),
      snapshotsRevision: this.#snapshotsRevision(),
    };
  }
}

/** @param {import('../../index').GcKind} kind */
function kindRow({ count, totalMs, freedBytes, pause }) {
  const [p50, p90, p99] = [50, 90, 99].map((p) => pause.percentile(p));
  return { count, totalMs, freedBytes, p50, p90, p99, max: pause.max };
}

/** @param {Report} report */
function threadRow({ threadId, heapUsed, heapLimit, heapUsedRatio, external, gc, growth, uptimeMs }) {
  return { threadId, heapUsed, heapLimit, heapUsedRatio, external, uptimeMs, gcShare: gc.timeRatio.last1m, majors: gc.major.count, minors: gc.minor.count, verdict: growth.verdict };
}

module.exports = { State };
