'use strict';

const { application, request, serve } = require('./support.js');

module.exports = {
  name: 'growing Map',
  leaks: true,
  why: 'sessions are put into a Map at log-in and nobody takes them out',
  start() {
    const products = application(25);
    const sessions = new Map();
    let logins = 0;
    return () => {
      serve(8);
      for (let i = 0; i < 8; i += 1) {
        logins += 1;
        sessions.set(`session-${logins}`, { user: logins, first: request(logins), cart: [products[logins % products.length]] });
      }
    };
  },
};
