'use strict';

// Loads a snapshot with DevTools' code: its loader, its worker and, on a second thread, its second worker.

const fs = require('node:fs');
const { Worker, isMainThread, parentPort, workerData, MessageChannel } = require('node:worker_threads');

/** DevTools uses ports of the browser. */
function asPort(port) {
  const listeners = new Map();
  return {
    postMessage: (message, transfer) => port.postMessage(message, transfer),
    start: () => port.start?.(),
    addEventListener(type, listener) {
      const wrapped = (data) => listener({ data });
      listeners.set(listener, wrapped);
      port.on(type, wrapped);
    },
    removeEventListener(type, listener) {
      port.off(type, listeners.get(listener));
      port.unref?.();
    },
  };
}

if (!isMainThread && workerData?.devtools) {
  import(workerData.devtools).then(({ Worker: devtools }) => {
    parentPort.once('message', ({ port }) => new devtools.HeapSnapshot.SecondaryInitManager(asPort(port)));
    parentPort.postMessage('ready');
  });
}

/** The snapshot in `file` as DevTools sees it (a JSHeapSnapshot). */
async function load(devtoolsFile, file) {
  const { Worker: devtools } = await import(devtoolsFile);
  const second = new Worker(__filename, { workerData: { devtools: devtoolsFile }, resourceLimits: { maxOldGenerationSizeMb: 16000 } });
  await new Promise((resolve, reject) => second.once('message', resolve).once('error', reject));
  const { port1, port2 } = new MessageChannel();
  second.postMessage({ port: port2 }, [port2]);
  const loader = new devtools.HeapSnapshotLoader.HeapSnapshotLoader({ sendEvent() {} });
  for await (const chunk of fs.createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 20 })) loader.write(chunk);
  loader.close();
  await loader.parsingComplete;
  const warn = console.warn;
  console.warn = () => {};
  const snapshot = await loader.buildSnapshot(asPort(port1));
  console.warn = warn;
  await second.terminate();
  return snapshot;
}

module.exports = { load };
