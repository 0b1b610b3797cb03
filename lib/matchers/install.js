'use strict';

const matchers = require('./index.js');
const { track } = require('./pending.js');

/**
 * Into an `expect` with Jest's interface, which Vitest has too.
 *
 * @param {any} expect
 * @param {(state: any) => unknown} testOf what tells one test from another, of a matcher's `this`
 */
function install(expect, testOf) {
  const entries = Object.entries(matchers).map(([name, matcher]) => {
    /** @this {any} @param {unknown} received @param {any[]} args */
    function assertion(received, ...args) {
      const { testPath, isNot = false, snapshotState } = this;
      const update = snapshotState?._updateSnapshot;
      const work = track(name, testOf(this), (signal, tell) => matcher(received, /** @type {any} */ (args), { isNot, signal, testPath, update, tell }));
      const outcome = work.then(({ warning, ...rest }) => {
        if (warning !== undefined) process.emitWarning(warning, { type: 'HeapwatchWarning', code: 'HEAPWATCH_INCONCLUSIVE' });
        return rest;
      });
      // Nobody may be listening when a forgotten one is ended.
      outcome.catch(() => {});
      return outcome;
    }
    return [name, assertion];
  });
  expect.extend(Object.fromEntries(entries));
}

module.exports = { install };
