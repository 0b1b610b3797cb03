'use strict';

const { constants } = require('node:fs');
const { open } = require('node:fs/promises');
const { pipeline } = require('node:stream/promises');

const { setInterval, clearInterval } = require('../clock.js');
const { whenOver } = require('../requests/when-over.js');

/** A reader that takes less than this in such a time is not one: it only holds a socket and a file open. */
const CHECK_MS = 15_000;
const LEAST_BYTES = 64 * 1024;

/**
 * Sends a file. A reader that is gone or stalls ends it.
 *
 * @param {import('node:http').ServerResponse} response
 * @param {string} file
 * @param {string} name in letters that a header takes
 * @param {{ checkMs?: number, leastBytes?: number }} [limits]
 */
async function sendFile(response, file, name, { checkMs = CHECK_MS, leastBytes = LEAST_BYTES } = {}) {
  const handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  const { size } = await handle.stat();
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': size,
    'content-disposition': `attachment; filename="${name.replace(/[^\w.-]/g, '_')}"`,
  });
  const source = handle.createReadStream(); // closes the file with itself
  const stop = () => {
    response.destroy();
    source.destroy(); // a response that waits for its turn on its connection emits no close
  };
  whenOver(response, () => source.destroy());
  let before = 0;
  const timer = setInterval(() => {
    if (source.bytesRead - before < leastBytes && source.bytesRead < size) stop();
    else if (source.bytesRead === before) stop(); // read to the end, but not taken
    before = source.bytesRead;
  }, checkMs).unref();
  try {
    await pipeline(source, response);
  } catch (error) {
    if (!response.destroyed) throw error;
  } finally {
    clearInterval(timer);
  }
}

module.exports = { sendFile };
