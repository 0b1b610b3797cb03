'use strict';

const { application, random, request, serve } = require('./support.js');

module.exports = {
  name: 'autocorrelated noise',
  leaks: false,
  why: 'the length of a queue wanders: what it is now it mostly was half a second ago',
  start() {
    const products = application(25);
    const next = random(26);
    const queue = [];
    let depth = 0;
    let jobs = 0;
    return () => {
      serve(5);
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      depth = 0.98 * depth + 0.2 * normal; // of standard deviation 1
      const wanted = Math.max(0, Math.round(9000 + 4000 * depth));
      while (queue.length < wanted) {
        jobs += 1;
        queue.push({ job: request(jobs, 900), product: products[jobs % products.length] });
      }
      if (queue.length > wanted) queue.splice(0, queue.length - wanted);
    };
  },
};
