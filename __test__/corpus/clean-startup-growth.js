'use strict';

const { application, serve } = require('./support.js');

module.exports = {
  name: 'one-off start-up growth',
  leaks: false,
  why: 'catalogues are loaded one after another in the first 2 s, 35 MB in all, and stay',
  start() {
    const catalogues = [application(10)];
    return (elapsedMs) => {
      serve(8);
      if (elapsedMs >= catalogues.length * 140 && catalogues.length < 15) catalogues.push(application(2.5));
    };
  },
};
