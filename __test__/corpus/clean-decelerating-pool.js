'use strict';

const { application, random, serve, text } = require('./support.js');

module.exports = {
  name: 'decelerating pool',
  leaks: false,
  why: 'a pool makes a worker whenever all are busy, and keeps it: it grows to the highest load seen, ever more rarely',
  start() {
    const products = application(25);
    const next = random(29);
    const free = [];
    let busy = [];
    return (elapsedMs) => {
      serve(5);
      busy = busy.filter((task) => {
        if (task.endMs > elapsedMs) return true;
        free.push(task.worker);
        return false;
      });
      const arrivals = Math.floor(next() * 13);
      for (let i = 0; i < arrivals; i += 1) {
        const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
        const worker = free.pop() ?? { scratch: text(100_000), product: products[i] };
        busy.push({ worker, endMs: elapsedMs + 100 * Math.exp(0.8 * normal) });
      }
    };
  },
};
