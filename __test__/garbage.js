'use strict';

/** Lives across calls, long enough to get old before it dies: that is what major GCs are for. */
const kept = [];

/** Work that forces V8 to collect, the young generation and now and then the old one. */
function makeGarbage(rounds = 10) {
  for (let round = 0; round < rounds; round += 1) {
    kept.push(Array.from({ length: 20_000 }, (_, i) => ({ round, i, text: `${round}:${i}` })));
    if (kept.length > 40) kept.splice(0, 20);
  }
  return kept.length;
}

/**
 * The event loop turns, so that what is queued on it runs: perf_hooks needs two rounds of immediates to
 * tell of a GC, and on a stalled machine a timer alone may fire before the first.
 */
async function turn(ms = 20) {
  await new Promise((resolve) => { setTimeout(resolve, ms); });
  for (let i = 0; i < 3; i += 1) await new Promise(setImmediate);
}

/**
 * @param {() => boolean} condition
 * @param {string} what
 */
async function until(condition, what) {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await turn(10);
  }
}

module.exports = { makeGarbage, turn, until };
