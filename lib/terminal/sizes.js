'use strict';

// Heap sizes around GCs are not always known; a 0 that means "unknown" must not be printed as a figure.

/**
 * @param {Pick<import('./report.js').Watched, 'report' | 'pauses'>} watched
 * @returns {string | null} why the sizes are unknown; null: they are known
 */
function whyNoSizes({ report, pauses }) {
  if (report.source === 'perf_hooks') return "known from V8's own hooks only, not in degraded mode";
  const sized = pauses.filter(({ kind }) => kind === 'minor' || kind === 'major');
  return sized.length > 0 && sized.every((pause) => pause.heapUsedAfter === 0) ? 'not recorded (gcStatistics: false)' : null;
}

module.exports = { whyNoSizes };
