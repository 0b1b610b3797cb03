'use strict';

const metrics = require('@datadog/native-metrics');
const { add } = require('./tally.js');

function open() {
  /** @type {import('./tally').Tallies} */
  const tallies = {};
  metrics.start();
  return {
    read() {
      // stats() starts anew each time
      for (const [kind, { sum, count }] of Object.entries(metrics.stats().gc)) {
        if (kind !== 'all') add(tallies, kind, sum / 1e6, count); // sum is in nanoseconds
      }
      return tallies;
    },
    close: () => metrics.stop(),
  };
}

module.exports = { open };
