'use strict';

const vm = require('node:vm');
const { application, random, serve } = require('./support.js');

const TEMPLATES = 400;

module.exports = {
  name: 'JIT warm-up',
  leaks: false,
  why: 'templates are compiled at first use and optimized when they are hot: code, feedback and caches grow until each was used',
  start() {
    const products = application(20);
    const next = random(32);
    const templates = new Map();
    return () => {
      serve(5);
      for (let i = 0; i < 12; i += 1) {
        const id = Math.floor(next() ** 2 * TEMPLATES);
        let render = templates.get(id);
        if (!render) {
          const lines = Array.from({ length: 60 }, (_, n) => `out += '<td>' + (row.id * ${n + id} % 97) + row.name.slice(${n % 5}) + '</td>';`);
          render = vm.runInThisContext(`(function render${id}(rows) { let out = ''; for (const row of rows) { ${lines.join('\n')} } return out.length; })`);
          templates.set(id, render);
        }
        render(products.slice(id, id + 3));
      }
    };
  },
};
