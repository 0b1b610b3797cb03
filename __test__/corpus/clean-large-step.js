'use strict';

const { application, random, request, serve } = require('./support.js');

module.exports = {
  name: 'one large step',
  leaks: false,
  why: 'after 7 s a model of 25 MB is loaded at once, and stays',
  start() {
    const kept = { products: application(20), model: null, recent: [] };
    const next = random(31);
    let count = 0;
    return (elapsedMs) => {
      serve(6);
      count += 1;
      kept.recent[Math.floor(next() * 3000)] = request(count, 800);
      if (elapsedMs >= 7000 && kept.model === null) kept.model = application(25);
    };
  },
};
