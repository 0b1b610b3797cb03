'use strict';

const { application, random, serve } = require('./support.js');

module.exports = {
  name: 'buffers',
  leaks: true,
  why: 'uploads that failed are kept for a second try that never comes',
  start() {
    const kept = { products: application(20), failed: [] };
    const next = random(7);
    return () => {
      serve(6);
      const upload = Buffer.alloc(20_000 + Math.floor(next() * 200_000), 1);
      if (next() < 0.2) kept.failed.push(upload);
    };
  },
};
