'use strict';

const getMetricEmitter = require('@newrelic/native-metrics');
const { add } = require('./tally');

function open() {
  const emitter = getMetricEmitter();
  return {
    read() {
      /** @type {import('./tally').Tallies} */
      const tallies = {};
      for (const { type, metrics } of Object.values(emitter.getGCMetrics())) add(tallies, type, metrics.total, metrics.count);
      return tallies;
    },
    close: () => emitter.unbind(),
  };
}

module.exports = { open };
