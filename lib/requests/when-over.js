'use strict';

/**
 * The responses of a connection that wait for their turn (pipelining), each with what is to be called. They have no socket yet, and nobody tells them
 * that it has closed.
 *
 * @type {WeakMap<object, Map<object, () => void>>}
 */
const waiting = new WeakMap();

/**
 * Calls back when a response is over, whether it was sent or not.
 *
 * @param {any} response node:http's
 * @param {() => void} callback may be called twice
 */
function whenOver(response, callback) {
  const socket = response.socket === null ? response.req?.socket : null;
  if (!socket) response.on('close', callback);
  else {
    const turns = waiting.get(socket) ?? queueOf(socket);
    turns.set(response, callback);
    response.on('close', () => {
      turns.delete(response);
      callback();
    });
  }
}

/** @param {import('node:net').Socket} socket */
function queueOf(socket) {
  const turns = new Map();
  waiting.set(socket, turns);
  socket.once('close', () => { for (const callback of turns.values()) callback(); });
  return turns;
}

module.exports = { whenOver };
