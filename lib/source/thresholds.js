'use strict';

// When a rule fires, and when it may fire again: src/aggregator/thresholds.rs, in JavaScript, for where
// that cannot run. The two must agree; the tests run the same sentences against both.

/** @typedef {import('./source').SourceRule} SourceRule */
/** @typedef {import('./source').Values} Values */

/** An event rather than a state: it cannot last, so forMs does not apply to it. */
const EVENT = 'maxGcPauseMs';

/** A value has fallen when it is below its limit by this share. */
const FALLEN = 0.05;

/**
 * All fields of a rule must hold together, for `forMs` without a break; then it fires once. It is armed
 * again when every field has since been below its limit by 5 % and the cooldown has passed: a value that
 * trembles around its limit fires once.
 */
class Threshold {
  rule;
  /** @type {[keyof Values, number][]} */
  #states;
  /** @type {[keyof Values, number][]} */
  #events;
  /** @type {number | null} */
  #holdingSinceMs = null;
  /** @type {{ atMs: number, toFall: Set<keyof Values> } | null} null: armed */
  #fired = null;

  /** @param {SourceRule} rule */
  constructor(rule) {
    this.rule = rule;
    const limits = /** @type {[keyof Values, number][]} */ (Object.entries(rule.limits));
    this.#states = limits.filter(([name]) => name !== EVENT);
    this.#events = limits.filter(([name]) => name === EVENT);
  }

  /**
   * True when the rule fires on these values.
   *
   * @param {number} nowMs monotonic
   * @param {Values} values
   */
  evaluate(nowMs, values) {
    if (this.#fired !== null) {
      this.#rearm(this.#fired, nowMs, values);
      return false;
    }
    /** @param {[keyof Values, number]} limit */
    const isOver = ([name, limit]) => values[name] > limit;
    if (!this.#states.every(isOver)) {
      this.#holdingSinceMs = null;
      return false;
    }
    this.#holdingSinceMs ??= nowMs;
    const lasted = this.#states.length === 0 || nowMs - this.#holdingSinceMs >= this.rule.forMs;
    if (!lasted || !this.#events.every(isOver)) return false;
    this.#fired = { atMs: nowMs, toFall: new Set([...this.#states, ...this.#events].map(([name]) => name)) };
    return true;
  }

  /**
   * @param {{ atMs: number, toFall: Set<keyof Values> }} fired
   * @param {number} nowMs
   * @param {Values} values
   */
  #rearm({ atMs, toFall }, nowMs, values) {
    for (const [name, limit] of [...this.#states, ...this.#events]) if (values[name] <= limit * (1 - FALLEN)) toFall.delete(name);
    if (toFall.size > 0 || nowMs - atMs < this.rule.cooldownMs) return;
    this.#fired = null;
    this.#holdingSinceMs = null;
  }

  /**
   * The fields with their limits and the values that crossed them, as the native part words it.
   *
   * @param {Values} values
   */
  describe(values) {
    return [...this.#states, ...this.#events].map(([name, limit]) => `${name} ${limit} crossed with ${values[name]}`).join(', ');
  }
}

module.exports = { Threshold };
