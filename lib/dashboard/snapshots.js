'use strict';

const { randomBytes } = require('node:crypto');
const path = require('node:path');
const { deflateRawSync, inflateRawSync } = require('node:zlib');

const { now, unixNow } = require('../clock.js');
const { analyze } = require('../heap/analyze.js');
const { diff } = require('../heap/diff.js');
const { pendingSnapshots } = require('../pending-snapshots.js');
const { takeSnapshot } = require('../snapshot.js');
const { OneAtATime } = require('./one-at-a-time.js');
const { Refusal, toRefusal } = require('./refusal.js');
const { shownDiff, shownSummary, LIMIT } = require('./results.js');
const { exists, replaceByRedacted, takenByRules, withRedactedCopy } = require('./snapshot-files.js');

/** @typedef {import('./dashboard').Settings} Settings */

/**
 * @typedef {object} Entry
 * @property {string} id what a client knows of it; nothing of the path is in it, and no client ever names a path
 * @property {string} path
 * @property {number} bytes
 * @property {number} timeMs
 * @property {number} pid
 * @property {'page' | 'threshold' | 'oom'} origin
 * @property {'taking' | 'ready' | 'failed'} status
 * @property {string | null} error
 * @property {number | null} pauseMs
 * @property {boolean} isRedacted
 * @property {Buffer | null} summary packed: as objects it would be among what the next snapshot finds to have grown
 */

/** Failures that stay in the list. */
const MAX_FAILED = 3;

/** Snapshots that the page may ask for, one heavy thing at a time: a snapshot, its redaction, an analysis. */
class Snapshots {
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  #settings;
  #work;
  #coolAtMs = 0;
  /** Grows with each change of the list. */
  revision = 0;

  /** @param {Settings} settings */
  constructor(settings) {
    this.#settings = settings;
    this.#work = new OneAtATime(settings.timeoutMs, () => { this.revision += 1; });
  }

  /** The newest first, without their paths. */
  list() {
    this.#look();
    return {
      busy: this.#work.busy,
      snapshots: [...this.#entries.values()].sort((a, b) => b.timeMs - a.timeMs).map(view),
    };
  }

  /** @param {string} id */
  find(id) {
    const entry = this.#entries.get(id);
    if (entry?.status !== 'ready' || !exists(entry.path)) throw new Refusal(404, 'there is no such snapshot (any more)');
    return entry;
  }

  /**
   * Begins one: the answer comes once it is on its way.
   *
   * @param {(entry: ReturnType<typeof view>) => void} onEnd not where it could not even begin, which is thrown
   */
  async take(onEnd) {
    const waitMs = this.#coolAtMs - now();
    if (this.#work.busy === null && waitMs > 0) throw new Refusal(429, `the last snapshot was less than ${this.#settings.cooldownMs} ms ago (dashboard({ cooldownMs }))`, { retryAfterMs: waitMs });
    let tellBegun = () => {};
    const begun = new Promise((/** @type {(value?: undefined) => void} */ resolve) => { tellBegun = resolve; });
    const entry = this.#add({ path: '', bytes: 0, timeMs: unixNow(), pid: process.pid, origin: 'page', status: 'taking' });
    const work = this.#work.run('a snapshot is being taken', undefined, (signal) => this.#capture(entry, signal, tellBegun).finally(() => {
      this.#coolAtMs = now() + this.#settings.cooldownMs;
    }));
    try {
      await Promise.race([begun, work]);
    } catch (error) {
      this.#entries.delete(entry.id);
      throw error;
    }
    work.catch((error) => {
      Object.assign(entry, { status: 'failed', error: toRefusal(error).message });
      this.#dropOldFailures();
    }).then(() => onEnd(view(entry)));
    return view(entry);
  }

  /**
   * @param {Entry} entry
   * @param {AbortSignal} signal
   * @param {() => void} onBegun
   */
  async #capture(entry, signal, onBegun) {
    const { dir, maxFiles, maxBytes, timeoutMs, redact } = this.#settings;
    const { path: file, bytes, pauseMs } = await takeSnapshot({ dir, maxFiles, maxBytes, timeoutMs, signal }, onBegun);
    entry.path = file;
    const keptBytes = redact ? await replaceByRedacted(file, signal) : bytes;
    Object.assign(entry, { bytes: keptBytes, pauseMs, isRedacted: redact, status: 'ready' });
  }

  /**
   * @param {string} id
   * @param {AbortSignal} gone
   */
  async analyze(id, gone) {
    const entry = this.find(id);
    if (entry.summary !== null) return { snapshot: view(entry), summary: unpack(entry.summary) };
    return this.#work.run('a snapshot is being analysed', gone, async (signal) => {
      const summary = await this.#readable(entry, signal, async (file) => shownSummary(await analyze(file, { limit: LIMIT, signal })));
      entry.summary = pack(summary);
      return { snapshot: view(entry), summary };
    });
  }

  /**
   * @param {string[]} ids
   * @param {AbortSignal} gone
   */
  async compare(ids, gone) {
    if (ids[0] === ids[1]) throw new Refusal(400, 'these are one and the same snapshot');
    const [before, after] = ids.map((id) => this.find(id)).sort((a, b) => a.timeMs - b.timeMs);
    return this.#work.run('snapshots are being compared', gone, (signal) => this.#readable(before, signal, (earlier) => this.#readable(after, signal, async (later) => {
      after.summary ??= pack(shownSummary(await analyze(later, { limit: LIMIT, signal })));
      const summary = unpack(after.summary);
      return { before: view(before), after: view(after), summary, diff: shownDiff(await diff(earlier, later, { limit: LIMIT, signal })) };
    })));
  }

  /**
   * A file without the contents of strings, if that is wanted: of what others left, a copy for as long as it is used.
   *
   * @template T
   * @param {Entry} entry
   * @param {AbortSignal} signal
   * @param {(file: string) => Promise<T>} use
   */
  #readable({ path: file, isRedacted }, signal, use) {
    return isRedacted || !this.#settings.redact ? use(file) : withRedactedCopy(file, signal, use);
  }

  /**
   * For a download, which may be read without being the one heavy thing, but not redacted.
   *
   * @param {string} id
   * @param {AbortSignal} gone
   * @param {(file: string, name: string) => Promise<void>} use
   */
  async withFile(id, gone, use) {
    const entry = this.find(id);
    const name = path.basename(entry.path);
    if (entry.isRedacted || !this.#settings.redact) return use(entry.path, name);
    return this.#work.run('a snapshot is being redacted', gone, (signal) => this.#readable(entry, signal, (file) => use(file, name)));
  }

  /** @param {Partial<Entry>} fields */
  #add(fields) {
    const entry = /** @type {Entry} */ ({ id: randomBytes(16).toString('hex'), status: 'ready', error: null, pauseMs: null, isRedacted: false, summary: null, ...fields });
    this.#entries.set(entry.id, entry);
    return entry;
  }

  /** What has gone from the folder (the quota takes the oldest), and what rules and dying processes have put there. */
  #look() {
    for (const [id, { status, path: file }] of this.#entries) if (status === 'ready' && !exists(file)) this.#entries.delete(id);
    const known = new Set([...this.#entries.values()].map((entry) => entry.path));
    const { dir } = this.#settings;
    for (const { reason, kind, ...found } of [...pendingSnapshots({ dir }), ...takenByRules()]) {
      if (kind === 'snapshot' && !known.has(found.path)) this.#add({ ...found, origin: reason });
    }
  }

  #dropOldFailures() {
    const failed = [...this.#entries.values()].filter(({ status }) => status === 'failed');
    for (const { id } of failed.slice(0, -MAX_FAILED)) this.#entries.delete(id);
  }

  /** Ends what is going on. */
  close() {
    this.#work.close();
  }
}

const pack = (/** @type {object} */ summary) => deflateRawSync(JSON.stringify(summary));
const unpack = (/** @type {Buffer} */ packed) => JSON.parse(inflateRawSync(packed).toString());

/** @param {Entry} entry */
function view({ id, bytes, timeMs, pid, origin, status, error, pauseMs, isRedacted, summary }) {
  return { id, bytes, timeMs, pid, origin, status, error, pauseMs, isRedacted, isAnalysed: summary !== null };
}

module.exports = { Snapshots };
