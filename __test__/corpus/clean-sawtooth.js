'use strict';

const { application, serve, text } = require('./support.js');

module.exports = {
  name: 'sawtooth',
  leaks: false,
  why: 'metrics are collected to 30 MB, sent and dropped every 1.3 s',
  start() {
    const kept = { products: application(25), batch: [] };
    return () => {
      serve(5);
      for (let i = 0; i < 100; i += 1) kept.batch.push({ at: i, payload: text(2200) });
      if (kept.batch.length >= 13_000) kept.batch = [];
    };
  },
};
