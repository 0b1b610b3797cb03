'use strict';

const { parentPort } = require('node:worker_threads');

const heapwatch = require('../..');
const { allocateShortLived } = require('../lib/garbage.js');

heapwatch.start();
setInterval(() => allocateShortLived(1e6), 100);
parentPort?.postMessage('started');
