'use strict';

const { application, random, request, serve } = require('./support.js');

module.exports = {
  name: 'bursts',
  leaks: false,
  why: 'exports of 5 to 30 MB come at random, live for some tenths of a second and go',
  start() {
    const products = application(30);
    const next = random(22);
    let rows = null;
    let nextMs = 500;
    let endMs = 0;
    return (elapsedMs) => {
      serve(6);
      if (rows === null && elapsedMs >= nextMs) {
        endMs = elapsedMs + 150 + next() * 400;
        const count = 4000 + Math.floor(next() * 20_000);
        rows = [];
        rows.wanted = count;
      }
      if (rows !== null) {
        for (let i = 0; i < 500 && rows.length < rows.wanted; i += 1) rows.push({ request: request(i), product: products[i] });
        if (elapsedMs >= endMs) {
          rows = null;
          nextMs = elapsedMs + 200 + next() * 900;
        }
      }
    };
  },
};
