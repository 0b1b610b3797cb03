'use strict';

const { application, serve, text } = require('./support.js');

module.exports = {
  name: 'closure chain',
  leaks: true,
  why: 'two closures share a context: the method that is kept holds the variable that only the unused one reads, and that holds the one before',
  start() {
    const state = { products: application(20), current: null };
    return () => {
      serve(8);
      const previous = state.current;
      // eslint-disable-next-line no-unused-vars -- this is the leak: it puts `previous` into the context that `describe` keeps
      const unused = () => { if (previous) return previous.describe(); };
      state.current = { report: text(15_000), describe() { return 'a report'; } };
    };
  },
};
