'use strict';

// Routes for a person: latency and memory side by side.

const { table } = require('./table.js');
const { wrap } = require('./text.js');
const { NONE, formatBytes, formatCount, formatMs, formatPercent } = require('./units.js');

const COLUMNS = 110;

/** @type {import('./table.js').Column[]} */
const HEAD = [
  { title: 'route', align: 'left' },
  { title: 'requests' },
  { title: 'p50', keep: 3 },
  { title: 'p99' },
  { title: 'p99 no GC', keep: 4 },
  { title: 'with GC', keep: 2 },
  { title: 'GC', keep: 1 },
  { title: 'GC share' },
  { title: 'per request' },
];

/**
 * @param {import('../../index').RouteTiming[]} timings
 * @returns {string}
 */
function renderRoutes(timings) {
  if (timings.length === 0) return 'No request has ended while a watcher ran.';
  const rows = timings.map(({ route, count, duration, durationWithoutGc, gc, allocation }) => [
    route,
    formatCount(count),
    formatMs(duration.percentile(50)),
    formatMs(duration.percentile(99)),
    durationWithoutGc.count === 0 ? NONE : formatMs(durationWithoutGc.percentile(99)),
    formatCount(gc.count),
    formatMs(gc.totalMs),
    formatPercent(gc.timeRatio),
    allocation === null ? NONE : formatBytes(allocation.bytesPerRequest),
  ]);
  return [...table(HEAD, rows, COLUMNS), ...wrap(legend(timings), COLUMNS)].join('\n');
}

/** @param {import('../../index').RouteTiming[]} timings */
function legend(timings) {
  const counted = timings.reduce((sum, { allocation }) => sum + (allocation?.counted ?? 0), 0);
  const alone = timings.reduce((sum, { allocation }) => sum + (allocation?.alone.counted ?? 0), 0);
  if (counted === 0) return 'Per request: what is allocated in V8\'s heap has been counted at none of these requests yet.';
  return [
    `Per request: what is allocated in V8's heap, estimated by the ${formatCount(counted)} requests at which it was counted.`,
    ...(counted > alone ? [`${formatCount(counted - alone)} of them overlapped with others: what was allocated meanwhile is shared evenly.`] : []),
  ].join(' ');
}

module.exports = { renderRoutes };
