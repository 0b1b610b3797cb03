'use strict';

const getMetricEmitter = require('@newrelic/native-metrics');
const { add } = require('./tally.js');

function open() {
  /** @type {import('./tally').Tallies} */
  const tallies = {};
  const emitter = getMetricEmitter(); // one for ever, bound at first
  emitter.bind();
  return {
    read() {
      // getGCMetrics() starts anew each time
      for (const { type, metrics } of Object.values(emitter.getGCMetrics())) add(tallies, type, metrics.total, metrics.count);
      return tallies;
    },
    close: () => emitter.unbind(),
  };
}

module.exports = { open };
