'use strict';

// jest.resetModules() and a cleared require cache load this package again and again in one thread. What
// must be one per thread all the same lives on an object that no such reset replaces: Node's own channel.

const { channel } = require('node:diagnostics_channel');

/** Each pause is published here, once, while somebody subscribes. */
const gcChannel = channel('heapwatch:gc');

/** Likewise the report when the verdict becomes leak. */
const leakChannel = channel('heapwatch:leak');

/** Each watcher publishes the crossings of its own rules. */
const thresholdChannel = channel('heapwatch:threshold');

/**
 * @typedef {object} Shared
 * @property {object | null} publisher whichever watcher publishes what every watcher sees: one, or subscribers would see doubles
 * @property {number} publishedMs Unix time up to which the publisher before has published
 * @property {import('./measure/calls').Measuring | null} measuring the measurement that is made
 * @property {Set<string>} warned codes of the warnings that are worth saying once
 */

const KEY = Symbol.for('heapwatch.shared');

const home = /** @type {{ [KEY]?: Shared }} */ (/** @type {unknown} */ (gcChannel));
const shared = home[KEY] ?? (home[KEY] = { publisher: null, publishedMs: 0, measuring: null, warned: new Set() });

module.exports = { gcChannel, leakChannel, thresholdChannel, shared };
