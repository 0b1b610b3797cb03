'use strict';

// A map of the package: what is exported and where it lives. The literal below is read statically
// by cjs-module-lexer, which is what makes `import { start } from 'heapwatch'` work.

const { start, stop, report, reset } = require('./lib/running.js');
const { healthCheck } = require('./lib/health-check.js');
const { analyze } = require('./lib/heap/analyze.js');
const { diff } = require('./lib/heap/diff.js');
const { gc } = require('./lib/gc.js');
const { support } = require('./lib/support.js');
const { PauseHistogram } = require('./lib/histogram.js');
const { HeapwatchError } = require('./lib/errors.js');

module.exports = { start, stop, report, reset, healthCheck, gc, analyze, diff, support, PauseHistogram, HeapwatchError };
