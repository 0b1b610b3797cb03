'use strict';

// The dashboard as an application mounts it, on a free loopback port, and asked as a browser would.

const { once } = require('node:events');
const http = require('node:http');

const { dashboard } = require('..');

/**
 * @param {http.RequestListener} listener
 * @returns {Promise<{ server: http.Server, url: string, port: number, close(): Promise<void> }>}
 */
async function listen(listener) {
  const server = http.createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    server,
    port,
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/**
 * Runs `use` with a dashboard that is all there is on its port, and ends it.
 *
 * @template T
 * @param {import('..').DashboardOptions} options
 * @param {(served: { url: string, port: number, handler: import('..').DashboardHandler, ask: typeof ask, token(): Promise<string>, audits: any[] }) => Promise<T>} use
 */
async function withDashboard(options, use) {
  /** @type {any[]} */
  const audits = [];
  const handler = dashboard({ audit: (entry) => audits.push(entry), ...options });
  const { url, port, close } = await listen(handler);
  const asked = (/** @type {string} */ path, /** @type {any} */ init) => ask(url + path, init);
  try {
    return await use({ url, port, handler, audits, ask: asked, token: async () => (await asked('/state')).body.token });
  } finally {
    handler.close();
    await close();
  }
}

/**
 * One request with all its headers as they are given: fetch() would not send Host, Origin or Sec-Fetch-Site.
 *
 * @param {string} url
 * @param {{ method?: string, headers?: Record<string, string>, body?: string }} [init]
 * @returns {Promise<{ status: number, headers: http.IncomingHttpHeaders, text: string, body: any }>}
 */
function ask(url, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => { text += chunk; });
      response.on('end', () => {
        const isJson = /json/.test(response.headers['content-type'] ?? '');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: isJson && text !== '' ? JSON.parse(text) : null });
      });
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/**
 * The first updates of a stream.
 *
 * @param {string} url
 * @param {number} count
 * @returns {Promise<any[]>}
 */
async function updates(url, count) {
  const controller = new AbortController();
  const response = await fetch(url, { signal: controller.signal });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  const found = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of /** @type {any} */ (response.body)) {
    text += decoder.decode(chunk, { stream: true });
    const events = text.split('\n\n');
    text = /** @type {string} */ (events.pop());
    for (const event of events) if (event.startsWith('data: ')) found.push(JSON.parse(event.slice(6)));
    if (found.length >= count) break;
  }
  controller.abort();
  return found;
}

module.exports = { ask, listen, updates, withDashboard };
