'use strict';

const { application, random, serve, text } = require('./support.js');

module.exports = {
  name: 'cache without eviction',
  leaks: true,
  why: 'answers are remembered by their whole URL; half of the URLs carry a tracking parameter and are asked for once',
  start() {
    const products = application(20);
    const answers = Object.create(null);
    const next = random(10);
    let visits = 0;
    return () => {
      serve(4);
      for (let i = 0; i < 10; i += 1) {
        visits += 1;
        const page = `/products/${Math.floor(next() ** 3 * 2000)}`;
        const url = next() < 0.5 ? page : `${page}?utm_id=${visits}`;
        answers[url] ??= { product: products[visits % products.length], html: text(3000) };
      }
    };
  },
};
