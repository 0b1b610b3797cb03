'use strict';
// An Express app with a heap of many small objects. Told a way, it takes a snapshot in that way and says when it began and ended.

const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const v8 = require('node:v8');

const express = require('express');

const { snapshot } = require('../..');

const MB = 1024 * 1024;

/** @type {Record<string, (folder: string) => unknown>} */
const WAYS = {
  fork: (folder) => snapshot({ mode: 'fork', dir: folder }),
  'in-process': (folder) => v8.writeHeapSnapshot(path.join(folder, 'in-process.heapsnapshot')),
};

const { values } = parseArgs({ options: { mb: { type: 'string', default: '200' } } });
/** @type {object[]} */
const heap = [];
while (process.memoryUsage().heapUsed < Number(values.mb) * MB) {
  for (let k = 0; k < 1_000; k += 1) heap.push({ id: heap.length, next: { k, text: 'constant' } });
}

const app = express();
app.get('/', (_request, response) => {
  response.json(heap.slice(-20));
});
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.({ port: /** @type {import('node:net').AddressInfo} */ (server.address()).port });
});

process.on('message', async (/** @type {string} */ way) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'heapwatch-bench-'));
  const beganMs = Date.now();
  await WAYS[way](folder);
  process.send?.({ beganMs, endedMs: Date.now() });
  rmSync(folder, { recursive: true });
});
process.on('disconnect', () => process.exit());
