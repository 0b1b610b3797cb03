'use strict';

const { EventEmitter } = require('node:events');
const { application, request, serve } = require('./support.js');

module.exports = {
  name: 'listeners',
  leaks: true,
  why: 'each connection listens for reloads of the configuration and goes on listening after it has closed',
  start() {
    const products = application(30);
    const configuration = new EventEmitter().setMaxListeners(0);
    let connections = 0;
    let sinceReload = 0;
    return () => {
      serve(6);
      for (let i = 0; i < 3; i += 1) {
        connections += 1;
        const connection = { id: connections, handshake: request(connections, 2500), version: 0, product: products[connections % 100] };
        configuration.on('reload', (version) => { connection.version = version; });
      }
      sinceReload += 1;
      if (sinceReload % 100 === 0) configuration.emit('reload', sinceReload);
    };
  },
};
