'use strict';

const { EventEmitter } = require('node:events');
const { debuglog } = require('node:util');
const { isMainThread, threadId } = require('node:worker_threads');

const { unixNow } = require('./clock.js');
const { Control, onSignal } = require('./control.js');
const { deliver } = require('./deliver.js');
const { DISPOSE } = require('./dispose.js');
const { HeapwatchError, invalidOption, messageOf, sentence } = require('./errors.js');
const { withFamilies } = require('./exporters/exposition.js');
const { checkMetricsOptions } = require('./exporters/metrics-options.js');
const { LeftBehind } = require('./left-behind.js');
const { MetricsListener } = require('./metrics-listener.js');
const { arm } = require('./oom.js');
const { checkSince } = require('./options.js');
const { pauseTakers } = require('./pause-takers.js');
const { Pump } = require('./pump.js');
const { reviveReport } = require('./report.js');
const { FAMILIES } = require('./requests/symbol.js');
const { checkRule } = require('./rule.js');
const { Rules } = require('./rules.js');
const { gcChannel, leakChannel, shared, thresholdChannel } = require('./shared.js');
const { snapshotFolder } = require('./snapshot-options.js');
const { openSource, openDegraded } = require('./source/open.js');

/** @typedef {import('./source/source').Source} Source */
/** @typedef {import('./source/source').SourceOptions} SourceOptions */
/** @typedef {import('../index').Report} Report */
/** @typedef {import('../index').Timeline} Timeline */
/** @typedef {import('../index').Pause} Pause */

const debug = debuglog('heapwatch');

/** An event reaches its listeners within this time, if the event loop is free. */
const LISTENED_MS = 100;

/** While there are rules: with an aggregator that looks as often, a crossing is told within 150 ms. */
const RULED_MS = 50;

/** How often the thread is looked at when nobody listens: a wake-up a second is not to be seen in any profile. */
const UNLISTENED_MS = 1000;

/** A timer more frequent than this would itself be the load. */
const FASTEST_MS = 10;

const STOPPED_HEALTH = Object.freeze({ status: /** @type {const} */ ('ok'), reason: 'this watcher was stopped: nothing is known any more' });

/** Reads its source, hands out the events, and keeps the last words of a source that was stopped. */
class Watcher extends EventEmitter {
  /** @type {Source} */
  #source;
  #options;
  #pump = new Pump(() => this.#tick());
  /** start() calls that were not stopped yet. */
  #starts = 0;
  /** @type {Set<() => void>} each forgets the abort signal of one start */
  #signals = new Set();
  #rules = new Rules();
  #isArmed = false;
  #control = new Control();
  #forgetSignal = () => {};
  #leftBehind = new LeftBehind();
  #listener = new MetricsListener();
  /** The verdict became leak and nobody was told yet. */
  #leakUntold = false;
  /** @type {import('./source/source').Tally | null | undefined} of the present source; undefined: not asked for yet */
  #tally;
  /** @type {{ report: Report, timeline: Timeline, pauses: Pause[] } | null} set by the last stop */
  #final = null;
  #delivering = false;
  /** What ended before somebody listened is in the report but is no event. */
  #silentUntilMs = unixNow();
  /** A GC came through: the hooks are alive, no need to look any more when nobody listens. */
  #confirmed = false;

  /** @param {SourceOptions} options */
  constructor(options) {
    super();
    this.#options = { ...options };
    this.#source = openSource(options);
    this.#setPace();
    this.on('newListener', (event) => {
      if ((event !== 'gc' && event !== 'sample') || this.#final || this.#hasAudience()) return;
      this.#silentUntilMs = unixNow();
      this.#setPace(true);
    });
    debug('watching: source %s, options %o', this.#source.name, options);
  }

  /**
   * Counts one start(): as many stop() calls end the watcher.
   *
   * @param {Partial<SourceOptions>} changes
   * @param {import('./rule').Rule[]} [rules] until the signal's abort, or else the last stop: which start a stop() takes back, nobody knows
   * @param {AbortSignal} [signal]
   */
  addStart(changes, rules = [], signal) {
    this.#starts += 1;
    if (Object.keys(changes).length > 0) {
      Object.assign(this.#options, changes);
      this.#source.configure(changes);
      this.#setPace();
    }
    const added = rules.map((rule) => this.#addRule(rule));
    if (signal !== undefined) this.#stopOnAbort(signal, added);
    return this;
  }

  /** @param {import('./oom-options').OomOptions | false} options until the last stop */
  setOom(options) {
    arm(options);
    this.#isArmed = options !== false;
    if (options) this.#leftBehind.lookIn(snapshotFolder(options.dir).folder);
  }

  /**
   * How it can be asked from outside, until the last stop.
   *
   * @param {{ control?: boolean, snapshotSignal?: NodeJS.Signals | false }} options
   */
  setDoors({ control, snapshotSignal }) {
    if (control) this.#control.open();
    else if (control === false) this.#control.close();
    if (snapshotSignal === undefined || !isMainThread) return;
    this.#forgetSignal();
    this.#forgetSignal = snapshotSignal ? onSignal(snapshotSignal) : () => {};
  }

  /** @param {import('./metrics-listen').Listen | false} terms until the last stop */
  setMetricsListen(terms) {
    this.#listener.set(this.#source, terms);
  }

  get metricsAddress() {
    return this.#listener.address;
  }

  get isStarted() {
    return this.#starts > 0;
  }

  get stopped() {
    return this.#final !== null;
  }

  report() {
    return this.#final ? this.#final.report : reviveReport(this.#source.report());
  }

  timeline() {
    return this.#final ? this.#final.timeline : this.#source.timeline();
  }

  /** @param {number} [sinceMs] */
  pauses(sinceMs) {
    const since = checkSince(sinceMs);
    return this.#final ? this.#final.pauses.filter(({ timeMs }) => timeMs >= since) : this.#source.pauses(since);
  }

  /** @param {import('../index').MetricsOptions} [options] */
  metrics(options) {
    const { requests, ...checked } = checkMetricsOptions(options);
    this.#demandRunning();
    const text = this.#source.metrics(checked);
    return requests === undefined ? text : withFamilies(text, requests[FAMILIES](checked.prefix), checked);
  }

  /**
   * For collectors; not public.
   *
   * @param {{ promClient: boolean, prefix: string }} options
   */
  metricFamilies(options) {
    this.#demandRunning();
    return this.#source.metricFamilies(options);
  }

  /** For request timing; not public. The same object for as long as its sums go on. */
  get tally() {
    if (this.#tally === undefined) this.#tally = this.#source.tally();
    return this.#tally;
  }

  /** Hands out now what has happened, for collectors; not public. */
  flush() {
    if (!this.#final && !this.#delivering) this.#handOut();
  }

  health() {
    return this.#final ? STOPPED_HEALTH : this.#source.health();
  }

  /**
   * @param {import('../index').Threshold} rule
   * @param {import('./rules').Callback} callback
   */
  onThreshold(rule, callback) {
    const checked = checkRule(rule, 'rule');
    if (typeof callback !== 'function') throw invalidOption('callback', callback, 'a function');
    this.#demandRunning();
    const dispose = this.#addRule(checked, callback);
    return { dispose, [DISPOSE]: dispose };
  }

  reset() {
    this.#demandRunning();
    this.#source.reset();
  }

  /** Takes back one start(). The last one hands out what is queued, ends the events and keeps the final report. */
  stop() {
    if (this.#final || --this.#starts > 0) return;
    if (!this.#delivering) this.#handOut(); // a listener that stops the watcher ends the events right there
    this.#pump.stop();
    for (const forget of this.#signals) forget();
    this.#signals.clear();
    this.#rules.clear();
    if (this.#isArmed) arm(false);
    this.#control.close();
    this.#listener.close(this.#source);
    this.#forgetSignal();
    if (shared.publisher === this.#signals) {
      shared.publisher = null;
      shared.publishedMs = unixNow();
    }
    try {
      this.#final = { report: this.report(), timeline: this.timeline(), pauses: this.pauses() };
    } finally {
      this.#tally = null;
      this.#source.detach();
    }
    debug('stopped: %s', this.#final.report);
  }

  #demandRunning() {
    if (this.#final) throw new HeapwatchError('HEAPWATCH_NOT_RUNNING', 'heapwatch: this watcher was stopped, its final report stays. Call start() for a new one.');
  }

  /**
   * @param {import('./rule').Rule} rule
   * @param {import('./rules').Callback} [callback]
   * @returns {() => void} removes it
   */
  #addRule(rule, callback) {
    const id = this.#rules.add(this.#source, rule, callback);
    this.#setPace();
    return () => {
      if (this.#final) return;
      this.#rules.remove(this.#source, id);
      this.#setPace();
    };
  }

  /**
   * @param {AbortSignal} signal
   * @param {(() => void)[]} rules
   */
  #stopOnAbort(signal, rules) {
    const forget = () => signal.removeEventListener('abort', abort);
    const abort = () => {
      this.#signals.delete(forget);
      for (const remove of rules) remove();
      this.stop();
    };
    signal.addEventListener('abort', abort, { once: true });
    this.#signals.add(forget);
  }

  #tick() {
    try {
      this.#source.seen();
      const heard = this.#hasAudience();
      if (heard || pauseTakers.size > 0 || this.#rules.size > 0 || this.#hasLeakAudience() || this.listenerCount('snapshot') > 0 || !this.#confirmed) this.#handOut();
      if (!heard) this.#silentUntilMs = unixNow();
    } catch (error) {
      // An exception in a timer ends the process, which is never a watcher's to do.
      this.#degrade(sentence(`The native part failed: ${messageOf(error)}`));
    }
    if (!this.#final) this.#setPace();
  }

  #handOut() {
    const drained = this.#source.drain();
    if (drained !== null) {
      if (drained.lost > 0) debug('%d events were overwritten before they were handed out', drained.lost);
      if (drained.gc.length > 0) this.#confirmed = true;
      this.#leakUntold ||= drained.leak;
      this.#delivering = true;
      for (const take of pauseTakers) take(drained.gc, drained.lost);
      try {
        // First what somebody waits for, to act on it.
        this.#announceCrossings(drained.crossings);
        for (const pause of drained.gc) if (pause.timeMs >= this.#silentUntilMs) this.#announce('gc', pause);
        for (const sample of drained.samples) if (sample.timeMs >= this.#silentUntilMs) this.#announce('sample', sample);
      } finally {
        this.#delivering = false;
      }
    }
    if (this.#leakUntold && this.#hasLeakAudience()) this.#announceLeak();
    this.#announceSnapshots();
    if (drained?.hookSilent) this.#degrade('V8 accepted the hooks of the native part but calls none of them.');
  }

  /** @param {import('./source/source').Crossing[]} crossings */
  #announceCrossings(crossings) {
    if (crossings.length === 0) return;
    const report = this.report();
    for (const each of crossings) {
      const resolved = this.#final ? null : this.#rules.resolve(each);
      if (resolved === null) continue;
      const { crossing, tell } = resolved;
      tell?.(report, crossing);
      const event = { ...crossing, report };
      if (!this.#final) deliver(this, 'threshold', event);
      if (!this.#final) thresholdChannel.publish(event);
    }
  }

  /** Whoever listens first is told, so long as it is still true. */
  #announceLeak() {
    this.#leakUntold = false;
    const report = this.report();
    if (this.#final || !this.#options.leak || report.growth.verdict !== 'leak') return;
    this.#delivering = true;
    try {
      deliver(this, 'leak', report);
      if (!this.#final && this.#publishes(leakChannel)) leakChannel.publish(report);
    } finally {
      this.#delivering = false;
    }
  }

  /** Those that rules took just now, and those that earlier processes left. Without a listener they stay where they are. */
  #announceSnapshots() {
    if (this.#final || this.listenerCount('snapshot') === 0) return;
    const taken = this.#source.takeSnapshots?.() ?? [];
    const own = taken.map((snapshot) => ({ ...snapshot, kind: /** @type {const} */ ('snapshot'), reason: /** @type {const} */ ('threshold'), pid: process.pid, threadId, timeMs: unixNow() }));
    for (const snapshot of [...this.#leftBehind.take(), ...own]) if (!this.#final) deliver(this, 'snapshot', snapshot);
  }

  /**
   * @param {'gc' | 'sample'} event
   * @param {Pause | import('../index').Sample} payload
   */
  #announce(event, payload) {
    if (this.#final) return;
    deliver(this, event, payload);
    if (event === 'gc' && !this.#final && this.#publishes(gcChannel) && payload.timeMs >= shared.publishedMs) gcChannel.publish(payload);
  }

  /** @param {string} reason */
  #degrade(reason) {
    if (this.#final || this.#source.name !== 'native') return;
    this.#source.detach();
    this.#listener.forget();
    this.#source = openDegraded(this.#options, reason);
    this.#tally = null;
    this.#rules.moveTo(this.#source);
    this.#confirmed = true;
  }

  #hasAudience() {
    return this.listenerCount('gc') + this.listenerCount('sample') > 0 || this.#publishes(gcChannel);
  }

  #hasLeakAudience() {
    return this.#options.leak !== false && (this.listenerCount('leak') > 0 || leakChannel.hasSubscribers);
  }

  /**
   * One watcher a thread publishes: several copies of the package (jest.resetModules) see the same GCs.
   *
   * @param {import('node:diagnostics_channel').Channel} channel
   */
  #publishes(channel) {
    if (!channel.hasSubscribers) return false;
    shared.publisher ??= this.#signals; // any object of this watcher's own serves as its mark
    return shared.publisher === this.#signals;
  }

  /** @param {boolean} [heard] */
  #setPace(heard = this.#hasAudience()) {
    const { tickMs } = this.#source;
    if (tickMs === null) return;
    // An idle loop answers what the assist asks of V8 only when JavaScript runs.
    const { leak } = this.#options;
    const assisted = leak !== undefined && leak !== false && leak.assist !== false;
    const audienceMs = this.#rules.size > 0 ? RULED_MS : heard || assisted ? LISTENED_MS : UNLISTENED_MS;
    this.#pump.every(Math.min(audienceMs, Math.max(tickMs, FASTEST_MS)));
  }
}

Object.defineProperty(Watcher.prototype, DISPOSE, { value: Watcher.prototype.stop, writable: true, configurable: true });

module.exports = { Watcher };
