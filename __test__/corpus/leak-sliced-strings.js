'use strict';

const { application, random, serve, text } = require('./support.js');

module.exports = {
  name: 'sliced strings',
  leaks: true,
  why: 'a token of 40 characters is cut out of a page of 100 KB and kept: V8 keeps the page for it',
  start() {
    const kept = { products: application(20), tokens: [] };
    const next = random(6);
    return () => {
      serve(8);
      const page = text(50_000 + Math.floor(next() * 100_000));
      if (next() < 0.2) kept.tokens.push(page.slice(1000, 1040));
    };
  },
};
