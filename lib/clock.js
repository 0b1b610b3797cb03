'use strict';

// Clock and timers, taken when the package loads: fake timers (Jest, sinon, node:test) replace the
// globals and the members of node:timers later, and must neither stop the watcher nor bend its times.

const { performance } = require('node:perf_hooks');
const { setInterval, clearInterval, setTimeout } = require('node:timers');

/** Milliseconds since `performance.timeOrigin`, monotonic. */
const now = performance.now.bind(performance);
const { timeOrigin } = performance;

/** Unix time in milliseconds, from the monotonic clock: it does not jump when the system's clock is set. */
const unixNow = () => timeOrigin + now();

module.exports = { now, unixNow, timeOrigin, setInterval, clearInterval, setTimeout };
