'use strict';

const { application, random, request, serve } = require('./support.js');

/** "For debugging": the module-level array of every leak story. */
const requests = [];

module.exports = {
  name: 'module-level array of requests',
  leaks: true,
  why: 'a debugging aid keeps every request that the module has seen',
  start() {
    const products = application(30);
    const next = random(11);
    let load = 1;
    return () => {
      serve(5);
      // Traffic comes and goes within fractions of a second.
      load = 0.95 * load + 0.05 * (next() < 0.5 ? 0 : 2);
      const arrivals = Math.round(load * 10 * next() * 2);
      for (let i = 0; i < arrivals; i += 1) requests.push({ ...request(requests.length, 900), product: products[i] });
    };
  },
};
