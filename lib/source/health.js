'use strict';

// src/aggregator/health.rs with what is known here: not how little a GC freed, so a nearly full old
// generation stands for it. (V8 itself gives up on "GC most of the time, and old generation above 80 %".)

const FAILING_RATIO = 0.5;
const FAILING_RATIO_1M = 0.4;
const NEARLY_FULL = 0.8;
const STRAINED_RATIO = 0.25;
const STRAINED_USED_RATIO = 0.9;

/**
 * @param {{ last10s: number, last1m: number, heapUsedRatio: number, usedRatio: number }} seen shares of full windows, and of the limits
 * @returns {import('../../index').Health}
 */
function judgeHealth({ last10s, last1m, heapUsedRatio, usedRatio }) {
  if (heapUsedRatio >= NEARLY_FULL) {
    if (last10s >= FAILING_RATIO) return failing(last10s, '10 s', heapUsedRatio);
    if (last1m >= FAILING_RATIO_1M) return failing(last1m, 'minute', heapUsedRatio);
  }
  const ofGc = `garbage collection took ${percent(last10s)} of the last 10 s`;
  if (last10s >= STRAINED_RATIO) return { status: 'strained', reason: ofGc };
  if (usedRatio >= STRAINED_USED_RATIO) return { status: 'strained', reason: `${percent(usedRatio)} of the nearest memory limit is used` };
  return { status: 'ok', reason: ofGc };
}

/**
 * @param {number} ratio
 * @param {string} span
 * @param {number} heapUsedRatio
 * @returns {import('../../index').Health}
 */
function failing(ratio, span, heapUsedRatio) {
  return { status: 'failing', reason: `garbage collection took ${percent(ratio)} of the last ${span}, and the old generation is ${percent(heapUsedRatio)} full` };
}

/** @param {number} share */
const percent = (share) => `${Math.round(share * 100)} %`;

module.exports = { judgeHealth };
