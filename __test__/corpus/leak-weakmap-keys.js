'use strict';

const { application, request, serve } = require('./support.js');

module.exports = {
  name: 'WeakMap with keys kept alive',
  leaks: true,
  why: 'what belongs to a socket is in a WeakMap, as it should be, but a list of all sockets for statistics keeps the keys',
  start() {
    const products = application(25);
    const details = new WeakMap();
    const sockets = [];
    return () => {
      serve(6);
      for (let i = 0; i < 4; i += 1) {
        const socket = { id: sockets.length, isOpen: true };
        details.set(socket, { handshake: request(socket.id, 2500), product: products[i] });
        sockets.push(socket);
        const closing = sockets[sockets.length - 400];
        if (closing) closing.isOpen = false;
      }
    };
  },
};
