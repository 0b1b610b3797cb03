'use strict';

// Answers at once, with as much text as a scrape has.

const http = require('node:http');

const TEXT = 'x'.repeat(12_000);

const server = http.createServer((_request, response) => response.end(TEXT)).listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.send?.(`127.0.0.1:${port}`);
});
process.once('disconnect', () => process.exit());
