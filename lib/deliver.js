'use strict';

const { warn } = require('./warn.js');

/**
 * Emits an event so that no listener can harm the process or another listener.
 *
 * @param {import('node:events').EventEmitter} emitter
 * @param {string} event
 * @param {unknown} payload
 */
function deliver(emitter, event, payload) {
  // Raw: these are the wrappers of once(), which take themselves off.
  for (const listener of emitter.rawListeners(event)) call(listener, emitter, [payload], `a listener of '${event}'`);
}

/**
 * Calls what somebody else wrote: what it throws, or rejects with, becomes a process warning.
 *
 * @param {Function} listener
 * @param {unknown} self
 * @param {unknown[]} args
 * @param {string} who
 * @returns {Promise<void> | undefined} where the listener answered with a promise, settles with it and is never rejected
 */
function call(listener, self, args, who) {
  try {
    /** @type {any} */
    const result = Reflect.apply(listener, self, args);
    if (typeof result?.then === 'function') return Promise.resolve(result).then(() => {}, (error) => complain(who, listener, error));
  } catch (error) {
    complain(who, listener, error);
  }
}

/**
 * A listener that fails in the same way at each of a thousand GCs is reported once.
 *
 * @type {WeakMap<Function, string>}
 */
const lastComplaint = new WeakMap();

/**
 * @param {string} who
 * @param {Function} listener
 * @param {unknown} error anything can be thrown
 */
function complain(who, listener, error) {
  const message = text(error, 'message');
  if (lastComplaint.get(listener) === message) return;
  lastComplaint.set(listener, message);
  warn('HEAPWATCH_LISTENER_ERROR', `heapwatch: ${who} failed: ${message}`, text(error, 'stack'));
}

/**
 * @param {any} error
 * @param {'message' | 'stack'} property
 */
function text(error, property) {
  try {
    return String(error?.[property] ?? error);
  } catch {
    return 'with something that cannot be shown';
  }
}

module.exports = { deliver, call };
