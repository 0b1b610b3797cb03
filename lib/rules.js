'use strict';

const { call } = require('./deliver.js');

/** @typedef {import('./rule').Rule} Rule */
/** @typedef {import('./source/source').Source} Source */
/** @typedef {import('./source/source').Crossing} Crossing */
/** @typedef {import('../index').Report} Report */
/** @typedef {import('../index').Crossing} PublicCrossing */

/** @typedef {(report: Report, crossing: PublicCrossing) => unknown} Callback */

/** The rules of one watcher. When they fire is the source's business; here is who gets told. */
class Rules {
  /** @type {Map<number, { rule: Rule, tell: ReturnType<typeof oneAtATime> | null }>} */
  #rules = new Map();
  #nextId = 1;

  get size() {
    return this.#rules.size;
  }

  /**
   * @param {Source} source
   * @param {Rule} rule
   * @param {Callback} [callback]
   * @returns {number} what to remove it by
   */
  add(source, rule, callback) {
    const id = this.#nextId++;
    source.addRule({ id, ...rule });
    this.#rules.set(id, { rule, tell: callback === undefined ? null : oneAtATime(callback) });
    return id;
  }

  /**
   * @param {Source} source
   * @param {number} id
   */
  remove(source, id) {
    this.#rules.get(id)?.tell?.stop();
    if (this.#rules.delete(id)) source.removeRule(id);
  }

  /**
   * Another source has taken over.
   *
   * @param {Source} source
   */
  moveTo(source) {
    for (const [id, { rule }] of this.#rules) source.addRule({ id, ...rule });
  }

  /** The source ends, and its rules with it. */
  clear() {
    for (const { tell } of this.#rules.values()) tell?.stop();
    this.#rules.clear();
  }

  /**
   * A crossing as callers see it, with whom to call; null: the rule was removed meanwhile.
   *
   * @param {Crossing} crossing
   */
  resolve({ rule: id, timeMs, values }) {
    const found = this.#rules.get(id);
    if (found === undefined) return null;
    const names = /** @type {(keyof typeof values)[]} */ (Object.keys(found.rule.limits));
    const crossed = Object.fromEntries(names.map((name) => [name, values[name]]));
    return { crossing: { rule: found.rule.given, values: crossed, timeMs }, tell: found.tell };
  }
}

/**
 * Calls of one callback never overlap; of the crossings that come while its promise is pending, the
 * newest is told afterwards.
 *
 * @param {Callback} callback
 */
function oneAtATime(callback) {
  let isBusy = false;
  let isStopped = false;
  /** @type {Parameters<Callback> | null} */
  let waiting = null;

  /** @type {(...args: Parameters<Callback>) => void} */
  const tell = (...args) => {
    if (isStopped) return;
    if (isBusy) {
      waiting = args;
      return;
    }
    const pending = call(callback, undefined, args, 'a callback of onThreshold()');
    if (pending === undefined) return;
    isBusy = true;
    pending.then(() => {
      isBusy = false;
      const next = waiting;
      waiting = null;
      if (next !== null) tell(...next);
    });
  };
  return Object.assign(tell, {
    stop() {
      isStopped = true;
      waiting = null;
    },
  });
}

module.exports = { Rules };
