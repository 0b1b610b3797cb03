'use strict';

const { PerformanceObserver } = require('node:perf_hooks');
const { add } = require('./tally.js');

/** All entries of every batch: what perf_hooks itself knows. */
function open() {
  /** @type {import('./tally').Tallies} */
  const tallies = {};
  const count = (/** @type {PerformanceEntry[]} */ entries) => {
    for (const { detail, duration } of /** @type {any[]} */ (entries)) add(tallies, detail.kind, duration);
  };
  const observer = new PerformanceObserver((list) => count(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  return { read: () => tallies, close: () => observer.disconnect() };
}

module.exports = { open };
