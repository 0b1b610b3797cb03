'use strict';

const { parentPort } = require('node:worker_threads');

const heapwatch = require('../..');

const LOOK_MS = 250;

/** A worker that looks at the main thread through its own watcher, and hands over what it saw when asked. */
const watcher = heapwatch.start();
/** @type {{ timeMs: number, gcs: number, sampleAgeMs: number, heapUsed: number }[]} */
const seen = [];

const timer = setInterval(() => {
  const main = watcher.report().threads.find(({ threadId }) => threadId === 0);
  if (main) seen.push({ timeMs: Date.now(), gcs: main.gc.all.count, sampleAgeMs: main.sampleAgeMs, heapUsed: main.heapUsed });
}, LOOK_MS);

parentPort?.on('message', () => {
  clearInterval(timer);
  parentPort?.postMessage(seen);
  parentPort?.close();
});
parentPort?.postMessage('ready');
