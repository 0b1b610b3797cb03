'use strict';

const { GCProfiler } = require('node:v8');
const { add } = require('./tally.js');

/** Can be read once: its numbers exist after stop() only. */
function open() {
  const profiler = new GCProfiler();
  profiler.start();
  return {
    read() {
      /** @type {import('./tally').Tallies} */
      const tallies = {};
      for (const { gcType, cost } of profiler.stop()?.statistics ?? []) add(tallies, gcType, cost / 1e3); // cost is in microseconds
      return tallies;
    },
    close: () => { profiler.stop(); },
  };
}

module.exports = { open };
