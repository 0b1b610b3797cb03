'use strict';

const { parseArgs } = require('node:util');

const { values } = parseArgs({ options: { load: { type: 'string' }, start: { type: 'boolean', default: false }, timing: { type: 'string' } } });

/**
 * Hello world. Before anything else it loads a module when it is told to (a path or a name), and calls its start().
 * With `--timing` its requestTiming() is the first middleware, with those options. Says its port, and on any message how much CPU it has used so far, on all of its threads.
 */
const loaded = values.load === undefined ? null : require(values.load);
if (loaded?.support && !loaded.support.native) throw new Error(`heapwatch is degraded here: ${loaded.support.reason}`);
if (values.start) loaded.start();

const express = require('express');

const app = express();
if (values.timing !== undefined) app.use(loaded.requestTiming(JSON.parse(values.timing)));
app.get('/', (/** @type {unknown} */ _request, /** @type {any} */ response) => {
  response.send('hello world');
});

const server = app.listen(0, '127.0.0.1', () => {
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.send?.({ port: address.port });
});

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuUs: user + system });
});
process.on('disconnect', () => process.exit());
