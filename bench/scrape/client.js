'use strict';

const { once } = require('node:events');
const http = require('node:http');
const net = require('node:net');

/**
 * @param {string} address
 * @returns {Promise<{ ms: number, bytes: number }>} from the connect to the last byte
 */
function scrape(address) {
  const [host, port] = address.split(':');
  const start = performance.now();
  return new Promise((resolve, reject) => {
    http.get({ host, port: Number(port), path: '/metrics', agent: false }, (response) => {
      let bytes = 0;
      response.on('data', (part) => { bytes += part.length; }).on('error', reject)
        .on('end', () => (response.statusCode === 200 ? resolve({ ms: performance.now() - start, bytes }) : reject(new Error(`HTTP ${response.statusCode}`))));
    }).on('error', reject);
  });
}

/**
 * One after another until the time is over.
 *
 * @param {string} address
 * @param {number} ms
 * @param {number} pauseMs  between two
 * @param {() => Promise<void>} [then]  after each
 */
async function scrapeFor(address, ms, pauseMs, then) {
  const taken = [];
  for (const end = performance.now() + ms; performance.now() < end;) {
    taken.push((await scrape(address)).ms);
    await then?.();
    await new Promise((resolve) => { setTimeout(resolve, pauseMs); });
  }
  return taken;
}

/**
 * A connection that says the beginning of a request and no more.
 *
 * @param {string} address
 */
async function stall(address) {
  const [host, port] = address.split(':');
  const socket = net.connect({ host, port: Number(port) }).on('error', () => {}); // the listener may end it
  await once(socket, 'connect');
  socket.write('GET /metrics HTTP/1.1\r\nHost: local');
  return socket;
}

module.exports = { scrape, scrapeFor, stall };
