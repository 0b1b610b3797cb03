'use strict';

const { application, random, request, serve } = require('./support.js');

module.exports = {
  name: 'slow daily wave',
  leaks: false,
  why: 'the number of sessions follows the day, which has 2 s here: 1,000 at night and 12,000 at noon',
  start() {
    const products = application(25);
    const next = random(25);
    const sessions = [];
    let logins = 0;
    return (elapsedMs) => {
      serve(5);
      const wanted = 6500 - 5500 * Math.cos(elapsedMs / 2000 * 2 * Math.PI) + 300 * next();
      while (sessions.length < wanted) {
        logins += 1;
        sessions.push({ login: request(logins), product: products[logins % products.length] });
      }
      sessions.length = Math.ceil(wanted);
    };
  },
};
