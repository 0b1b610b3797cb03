'use strict';

const { messageOf, sentence } = require('../errors.js');
const { native, giveUpNative } = require('../native.js');
const { isDisabled } = require('../options.js');
const { warnOnce } = require('../warn.js');
const { NativeSource } = require('./native.js');
const { PerfHooksSource, hasGcEntries } = require('./perf-hooks.js');

/** @typedef {import('./source').Source} Source */
/** @typedef {import('./source').SourceOptions} SourceOptions */

/**
 * The best source that this process can have.
 *
 * @param {SourceOptions} options
 * @returns {Source}
 */
function openSource(options) {
  if (isDisabled()) return new PerfHooksSource(options, { inert: true });
  const { binding, reason } = native();
  if (binding === null) return openDegraded(options, reason);
  try {
    return new NativeSource(binding, options);
  } catch (error) {
    return openDegraded(options, sentence(`The native part could not start: ${messageOf(error)}`));
  }
}

/**
 * @param {SourceOptions} options
 * @param {string} reason
 * @returns {Source}
 */
function openDegraded(options, reason) {
  giveUpNative(reason);
  warnOnce('HEAPWATCH_DEGRADED', `heapwatch runs without its native part: ${reason} Without it, `
    + `${hasGcEntries()
      ? 'GCs are counted by perf_hooks, from the event loop and without sizes.'
      : 'GCs are not counted, as this runtime reports none to perf_hooks; memory sizes are.'}`);
  return new PerfHooksSource(options);
}

module.exports = { openSource, openDegraded };
