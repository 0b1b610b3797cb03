'use strict';

const { application, random, serve, text } = require('./support.js');

module.exports = {
  name: 'WeakRef memo',
  leaks: false,
  why: 'results are remembered by WeakRef: they go when V8 collects, and their keys with them',
  start() {
    const products = application(25);
    const next = random(30);
    const memo = new Map();
    const registry = new FinalizationRegistry((key) => { if (memo.get(key)?.deref() === undefined) memo.delete(key); });
    const recent = [];
    return () => {
      serve(5);
      for (let i = 0; i < 20; i += 1) {
        const key = `q-${Math.floor(next() * 20_000)}`;
        let result = memo.get(key)?.deref();
        if (result === undefined) {
          result = { rows: products.slice(0, 20), html: text(4000) };
          memo.set(key, new WeakRef(result));
          registry.register(result, key);
        }
        recent[Math.floor(next() * 500)] = result;
      }
    };
  },
};
