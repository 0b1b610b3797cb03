'use strict';

/**
 * The responses of a connection that wait for their turn (pipelining), each with what is to be called. They have no socket yet, and nobody tells them
 * that it has closed.
 *
 * @type {WeakMap<object, Map<object, (this: any) => void>>}
 */
const waiting = new WeakMap();

/**
 * Calls back when a response is over, whether it was sent or not.
 *
 * @param {any} response node:http's
 * @param {(this: any) => void} callback on the response; may be called twice
 */
function whenOver(response, callback) {
  response.on('close', callback);
  const socket = response.socket === null ? response.req?.socket : null;
  if (!socket) return;
  const turns = waiting.get(socket) ?? queueOf(socket);
  turns.set(response, callback);
  response.on('close', () => turns.delete(response));
}

/** @param {import('node:net').Socket} socket */
function queueOf(socket) {
  const turns = new Map();
  waiting.set(socket, turns);
  socket.once('close', () => { for (const [response, callback] of turns) callback.call(response); });
  return turns;
}

module.exports = { whenOver };
