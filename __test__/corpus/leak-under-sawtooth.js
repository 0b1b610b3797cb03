'use strict';

const { application, serve, text } = require('./support.js');

module.exports = {
  name: 'slow under a sawtooth',
  leaks: true,
  why: 'log lines are collected to 25 MB, written and dropped every 1.5 s; for each hundredth an audit entry stays',
  start() {
    const kept = { products: application(20), audit: [] };
    let batch = [];
    let lines = 0;
    return () => {
      serve(4);
      for (let i = 0; i < 80; i += 1) {
        lines += 1;
        batch.push({ line: lines, message: text(1900) });
        if (lines % 100 === 0) kept.audit.push({ line: lines, copy: text(6000) });
      }
      if (batch.length >= 12_000) batch = [];
    };
  },
};
