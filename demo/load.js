'use strict';

// Real HTTP requests, sent from this process to the server's.

const autocannon = require('autocannon');

const CONNECTIONS = 20;

/** Steady and well below what one core can serve, so that the demo takes the same course on a busy machine. */
const REQUESTS_PER_SECOND = 1500;

/** Big, but not rare: a session, a signed token, some analytics. The app keeps it with the other headers. */
const COOKIE = `session=${'0123456789abcdef'.repeat(375)}`;

/**
 * @typedef {object} Load
 * @property {number} requests answered with 2xx
 * @property {number} failures errors, timeouts and other answers
 * @property {number} seconds
 */

/**
 * @param {string} url
 * @param {number} seconds
 * @param {AbortSignal} signal
 * @param {(requests: number) => void} onProgress called about once a second
 * @returns {Promise<Load>}
 */
async function runLoad(url, seconds, signal, onProgress) {
  const run = autocannon({
    url,
    connections: CONNECTIONS,
    overallRate: REQUESTS_PER_SECOND,
    duration: seconds,
    requests: [{ path: '/orders/ada', headers: { cookie: COOKIE } }],
  });
  let requests = 0;
  run.on('tick', ({ counter }) => onProgress((requests += counter)));
  const stop = () => run.stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const result = await run;
    return { requests: result['2xx'], failures: result.errors + result.timeouts + result.non2xx, seconds: result.duration };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

module.exports = { runLoad };
