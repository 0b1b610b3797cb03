'use strict';

const { application, random, serve, text } = require('./support.js');

module.exports = {
  name: 'LRU warming',
  leaks: false,
  why: 'a cache of the last 6,000 answers fills in the first seconds and replaces from then on',
  start() {
    const products = application(20);
    const cache = new Map();
    const next = random(21);
    return () => {
      serve(4);
      for (let i = 0; i < 40; i += 1) {
        const key = Math.floor(next() ** 2 * 40_000);
        const hit = cache.get(key) ?? { product: products[key % products.length], html: text(2500) };
        cache.delete(key);
        cache.set(key, hit);
        if (cache.size > 6000) cache.delete(cache.keys().next().value);
      }
    };
  },
};
