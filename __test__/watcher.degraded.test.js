'use strict';

// A watcher behaves the same without the native part.

process.env.HEAPWATCH_FAIL_CHECK = 'symbols';
process.removeAllListeners('warning');

require('./watcher.test.js');
