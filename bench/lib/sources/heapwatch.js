'use strict';

const heapwatch = require('../../..');
const { add } = require('./tally.js');

/**
 * @param {import('../../..').StartOptions} [options]
 */
function open(options) {
  const { native, reason } = heapwatch.support;
  if (!native) throw new Error(`heapwatch is degraded here, which is not what is measured: ${reason}`);
  const watcher = heapwatch.start(options);
  return {
    read() {
      /** @type {import('./tally').Tallies} */
      const tallies = {};
      const { gc } = watcher.report();
      for (const kind of /** @type {const} */ (['minor', 'major', 'incremental', 'weak'])) {
        if (gc[kind].count > 0) add(tallies, kind, gc[kind].totalMs, gc[kind].count);
      }
      return tallies;
    },
    close: () => watcher.stop(),
  };
}

module.exports = { open };
