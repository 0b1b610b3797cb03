'use strict';

// What every program of the corpus is made of: an application that is there from the start, requests that leave nothing, text that
// takes the memory it seems to take, and chance that repeats itself.

/**
 * Chance with a seed (mulberry32): every run of a program does the same.
 *
 * @param {number} seed
 * @returns {() => number} in [0, 1)
 */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * A string that takes its bytes at once, shares them with no other and lies on V8's heap: 'x'.repeat(n) would be a
 * rope of a few nodes, and a string of more than a million characters from a Buffer would lie outside.
 *
 * @param {number} bytes
 */
function text(bytes) {
  return Buffer.alloc(bytes, 'All work and no play makes Jack a dull boy. ').toString('latin1');
}

/**
 * One request as a server has it while it answers.
 *
 * @param {number} id
 * @param {number} [bodyBytes]
 */
function request(id, bodyBytes = 600) {
  return {
    id,
    method: id % 5 === 0 ? 'POST' : 'GET',
    url: `/shops/${id % 211}/orders/${id}`,
    headers: { host: 'shop.example', accept: 'application/json', 'user-agent': `client/${id % 17}`, 'x-request-id': `r-${id}` },
    body: text(bodyBytes),
    receivedAt: performance.now(),
  };
}

/**
 * What an application holds from its first second to its last: records of about 1 KB.
 *
 * @param {number} megabytes
 */
function application(megabytes) {
  return Array.from({ length: megabytes * 1024 }, (_, id) => ({
    id,
    name: `product ${id}`,
    prices: [id, id * 2, id * 3, id * 4],
    labels: { colour: `c${id % 7}`, size: `s${id % 5}` },
    description: text(640),
  }));
}

let served = 0;

/**
 * Answers requests and forgets them: the garbage that every server makes.
 *
 * @param {number} count
 */
function serve(count) {
  for (let i = 0; i < count; i += 1) {
    served += 1;
    const { body, ...rest } = request(served, 400);
    const answer = JSON.stringify({ ...rest, length: body.length, items: [1, 2, 3].map((n) => ({ n, of: served })) });
    if (JSON.parse(answer).id !== served) throw new Error('never');
  }
}

module.exports = { random, text, request, application, serve };
