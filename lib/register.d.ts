/** Starts the watcher when loaded, unless HEAPWATCH_DISABLE is set: `node --require heapwatch/register app.js`. */
export {};
