'use strict';

const { application, random, request, serve, text } = require('./support.js');

module.exports = {
  name: 'intermittent bursts',
  leaks: true,
  why: 'an import comes every 1 to 2 s, takes 15 MB for half a second and leaves its list of rejected rows behind',
  start() {
    const kept = { products: application(25), rejected: [] };
    const next = random(8);
    let rows = null;
    let nextMs = 800;
    let endMs = Infinity;
    return (elapsedMs) => {
      serve(6);
      if (elapsedMs >= endMs) {
        kept.rejected.push(rows.filter((row) => row.id % 8 === 0));
        rows = null;
        endMs = Infinity;
        nextMs = elapsedMs + 500 + next() * 1000;
      } else if (rows === null && elapsedMs >= nextMs) {
        rows = [];
        endMs = elapsedMs + 500;
      }
      if (rows !== null) for (let i = 0; i < 100; i += 1) rows.push({ id: rows.length, line: text(2000), parsed: request(rows.length, 300) });
    };
  },
};
