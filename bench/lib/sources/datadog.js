'use strict';

const metrics = require('@datadog/native-metrics');
const { add } = require('./tally');

function open() {
  metrics.start();
  return {
    read() {
      /** @type {import('./tally').Tallies} */
      const tallies = {};
      for (const [kind, { sum, count }] of Object.entries(metrics.stats().gc)) {
        if (kind !== 'all') add(tallies, kind, sum / 1e6, count); // sum is in nanoseconds
      }
      return tallies;
    },
    close: () => metrics.stop(),
  };
}

module.exports = { open };
