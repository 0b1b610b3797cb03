'use strict';

const http = require('node:http');

const { createApp } = require('./app.js');

let server;
const agent = new http.Agent({ keepAlive: true });

beforeAll((done) => { server = createApp().listen(0, '127.0.0.1', done); });
afterAll((done) => {
  agent.destroy();
  server.close(done);
});

/** One request to the app, its answer read to the end. */
function order() {
  return new Promise((resolve, reject) => {
    http.get({ agent, host: '127.0.0.1', port: server.address().port, path: '/orders/7' }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    }).on('error', reject);
  });
}

test('an order is answered', async () => {
  expect(await order()).toBe(200);
});

test('a request leaves nothing behind', async () => {
  // A request takes its time: more of it than the default 3 s makes sure of a verdict on a busy machine.
  await expect(order).not.toLeak({ maxMs: 15_000 });
});

test('the check itself works: a planted leak is found', async () => {
  const kept = [];
  await expect(() => { kept.push({ at: Date.now(), text: 'x'.repeat(100), more: new Array(100).fill(0) }); }).toLeak({ maxMs: 15_000 });
});
