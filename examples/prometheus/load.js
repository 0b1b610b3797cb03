'use strict';

// Ordinary customers: node examples/prometheus/load.js http://127.0.0.1:3000 [requests a second] [seconds]

const http = require('node:http');

const [url, perSecond = '100', seconds = 'Infinity'] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 10 });
const end = Date.now() + Number(seconds) * 1000;
let customer = 0;

const timer = setInterval(() => {
  if (Date.now() > end) {
    clearInterval(timer);
    agent.destroy();
    return;
  }
  for (let i = 0; i < Number(perSecond) / 20; i += 1) {
    customer += 1;
    http.get(`${url}/orders/${customer}`, { agent }, (response) => response.resume()).on('error', ({ message }) => console.error(message));
  }
}, 50);
