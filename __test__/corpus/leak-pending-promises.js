'use strict';

const { application, random, request, serve } = require('./support.js');

module.exports = {
  name: 'pending promises',
  leaks: true,
  why: 'one answer in ten of the service behind never comes, there is no timeout, and what awaits it waits for ever',
  start() {
    const products = application(25);
    const next = random(5);
    const waiting = new Map();
    let calls = 0;
    async function call(id) {
      const sent = request(id, 6000);
      const answer = await new Promise((resolve) => { waiting.set(id, resolve); });
      return { sent, answer, product: products[id % products.length] };
    }
    return () => {
      serve(4);
      for (let i = 0; i < 20; i += 1) {
        calls += 1;
        call(calls);
        if (next() < 0.9) {
          waiting.get(calls)('answer');
          waiting.delete(calls);
        }
      }
    };
  },
};
