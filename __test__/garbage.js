'use strict';

/** Work that forces V8 to collect: some of the objects outlive a scavenge, so major GCs come too. */
function makeGarbage(rounds = 10) {
  let kept = [];
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < 20_000; i += 1) kept.push({ round, i, text: `${round}:${i}` });
    if (round % 10 === 9) kept = [];
  }
  return kept.length;
}

/** Long enough for what is queued on the event loop to run; nothing depends on its length. */
const turn = (ms = 20) => new Promise((resolve) => { setTimeout(resolve, ms); });

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
