'use strict';

const { application, random, serve, text } = require('./support.js');

module.exports = {
  name: 'TTL cache',
  leaks: false,
  why: 'entries live for 1.2 s and are swept five times a second, under traffic that varies',
  start() {
    const products = application(20);
    const next = random(27);
    const entries = new Map();
    let load = 1;
    let keys = 0;
    let sweptMs = 0;
    return (elapsedMs) => {
      serve(4);
      load = 0.97 * load + 0.03 * (next() < 0.5 ? 0 : 2);
      const count = Math.round(load * 40);
      for (let i = 0; i < count; i += 1) {
        keys += 1;
        entries.set(keys, { expiresMs: elapsedMs + 1200, product: products[keys % products.length], html: text(3500) });
      }
      if (elapsedMs - sweptMs >= 200) {
        sweptMs = elapsedMs;
        for (const [key, { expiresMs }] of entries) {
          if (expiresMs > elapsedMs) break;
          entries.delete(key);
        }
      }
    };
  },
};
