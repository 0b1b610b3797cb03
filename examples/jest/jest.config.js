'use strict';

module.exports = {
  setupFilesAfterEnv: ['heapwatch/jest'],
  // Which test file keeps memory: a table at the end of the run.
  testEnvironment: 'heapwatch/jest-environment',
  reporters: ['default', 'heapwatch/jest-reporter'],
  // An assertion about memory takes a second, and some more when it fails and looks for who leaks.
  testTimeout: 90_000,
};
