'use strict';

// For Jest's setupFilesAfterEnv. Jest answers '@jest/globals' itself, also with injectGlobals: false.

// @ts-ignore: there inside Jest alone
const { afterAll, afterEach, expect } = require('@jest/globals');

const { install } = require('./matchers/install.js');
const { demandNone, demandNoneAtAll } = require('./matchers/pending.js');

// Concurrent tests have names of their own beside that of the test which is run, and no afterEach.
install(expect, ({ currentConcurrentTestName, currentTestName }) => currentConcurrentTestName?.() ?? currentTestName);
afterEach(() => demandNone(expect.getState().currentTestName));
afterAll(demandNoneAtAll);
