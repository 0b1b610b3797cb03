'use strict';

const { shared } = require('./shared.js');

/** @typedef {'HEAPWATCH_DEGRADED' | 'HEAPWATCH_LISTENER_ERROR' | 'HEAPWATCH_INVALID_OPTION' | 'HEAPWATCH_CONTROL' | 'HEAPWATCH_OOM_UNSUPPORTED' | 'HEAPWATCH_ROUTE_FAILED' | 'HEAPWATCH_SNAPSHOT_UNSUPPORTED' | 'HEAPWATCH_DASHBOARD' | 'HEAPWATCH_METRICS_LISTEN'} WarningCode */

/**
 * @param {WarningCode} code
 * @param {string} message
 * @param {string} [detail]
 */
function warn(code, message, detail) {
  process.emitWarning(message, { type: 'HeapwatchWarning', code, detail });
}

/**
 * Once a thread, however often the package is loaded in it.
 *
 * @param {WarningCode} code
 * @param {string} message
 */
function warnOnce(code, message) {
  if (shared.warned.has(code)) return;
  shared.warned.add(code);
  warn(code, message);
}

module.exports = { warn, warnOnce };
