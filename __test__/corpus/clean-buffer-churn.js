'use strict';

const { application, random, serve } = require('./support.js');

module.exports = {
  name: 'buffer churn',
  leaks: false,
  why: 'uploads of 64 KB to 1 MB are in flight for up to a second, 5 to 30 of them at once',
  start() {
    const kept = { products: application(20), uploads: [] };
    const next = random(28);
    return (elapsedMs) => {
      serve(6);
      kept.uploads = kept.uploads.filter(({ endMs }) => endMs > elapsedMs);
      if (next() < 0.3) {
        const chunk = Buffer.alloc(65_536 * (1 + Math.floor(next() * 16)), 1);
        kept.uploads.push({ chunk, endMs: elapsedMs + 100 + next() * 900 });
      }
    };
  },
};
