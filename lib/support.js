'use strict';

const { inspect } = require('node:util');

const { native } = require('./native.js');

/**
 * What works here, and why not more. Its properties are read when asked for, so that requiring heapwatch
 * loads nothing, and stay true if the native part has to be given up while running. They are enumerable:
 * spreading, JSON and assertions see plain values.
 *
 * @type {import('../index').Support}
 */
const support = Object.freeze(Object.defineProperty({
  get native() {
    return native().binding !== null;
  },
  get fork() {
    return native().binding?.forkRefusal() === null;
  },
  get reason() {
    return native().reason;
  },
  get v8() {
    return process.versions.v8 ?? '';
  },
}, inspect.custom, {
  /** @this {object} */
  value() {
    return { ...this };
  },
}));

module.exports = { support };
