'use strict';

const { parseArgs } = require('node:util');

const heapwatch = require('../..');
const { drive } = require('../corpus/drive.js');

/**
 * A leaking program that runs until a limit kills it, and says all the while when it expects that.
 *
 * @typedef {object} Forecast
 * @property {number} atMs      Unix time
 * @property {string} verdict
 * @property {number} usedRatio
 * @property {number | null} earliestMs  from then on
 * @property {number | null} latestMs
 */

const LOOK_MS = 200;

function main() {
  const { values } = parseArgs({ options: { program: { type: 'string' }, seconds: { type: 'string' }, leak: { type: 'string' } } });
  if (!heapwatch.support.native) throw new Error(`heapwatch is degraded here: ${heapwatch.support.reason}`);
  const watcher = heapwatch.start({ leak: JSON.parse(String(values.leak)) });
  setInterval(() => {
    const { growth, usedRatio } = watcher.report();
    /** @type {Forecast} */
    const forecast = {
      atMs: Date.now(),
      verdict: growth.verdict,
      usedRatio: Number(usedRatio.toFixed(4)),
      earliestMs: growth.limitInMs && Math.round(growth.limitInMs.earliest),
      latestMs: growth.limitInMs?.latest == null ? null : Math.round(growth.limitInMs.latest),
    };
    process.send?.(forecast);
  }, LOOK_MS);
  drive(require(String(values.program)), Number(values.seconds)).then(() => process.exit());
}

main();
