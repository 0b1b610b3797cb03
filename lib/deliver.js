'use strict';

const { warn } = require('./warn.js');

/**
 * Emits an event so that no listener can harm the process or another listener: what one throws, or
 * rejects with, becomes a process warning.
 *
 * @param {import('node:events').EventEmitter} emitter
 * @param {string} event
 * @param {unknown} payload
 */
function deliver(emitter, event, payload) {
  // Raw: these are the wrappers of once(), which take themselves off.
  for (const listener of emitter.rawListeners(event)) {
    try {
      /** @type {any} */
      const result = Reflect.apply(listener, emitter, [payload]);
      if (typeof result?.then === 'function') result.then(undefined, (/** @type {unknown} */ error) => complain(event, listener, error));
    } catch (error) {
      complain(event, listener, error);
    }
  }
}

/**
 * A listener that fails in the same way at each of a thousand GCs is reported once.
 *
 * @type {WeakMap<Function, string>}
 */
const lastComplaint = new WeakMap();

/**
 * @param {string} event
 * @param {Function} listener
 * @param {unknown} error anything can be thrown
 */
function complain(event, listener, error) {
  const message = text(error, 'message');
  if (lastComplaint.get(listener) === message) return;
  lastComplaint.set(listener, message);
  warn('HEAPWATCH_LISTENER_ERROR', `heapwatch: a listener of '${event}' failed: ${message}`, text(error, 'stack'));
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

module.exports = { deliver };
