'use strict';

const { toAllocateLessThan } = require('./to-allocate-less-than.js');
const { toKeepAliveOnly } = require('./to-keep-alive-only.js');
const { toLeak } = require('./to-leak.js');
const { toMatchMemoryBaseline } = require('./to-match-memory-baseline.js');
const { toPauseLessThan } = require('./to-pause-less-than.js');
const { toRetainLessThan } = require('./to-retain-less-than.js');

module.exports = { toLeak, toRetainLessThan, toAllocateLessThan, toPauseLessThan, toKeepAliveOnly, toMatchMemoryBaseline };
