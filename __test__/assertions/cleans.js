'use strict';

// Functions under test that do not leak, though some look like it. See leaks.js.

const { EventEmitter } = require('node:events');
const { random, request, text } = require('../corpus/support.js');

const clean = (name, start) => ({ name, label: null, leaks: false, start });

module.exports = [
  clean('autocorrelated', () => {
    const queue = [];
    const next = random(3);
    return () => { if (next() < 0.5 && queue.length < 60) queue.push(request(1, 300)); else if (queue.length > 0) queue.shift(); };
  }),
  clean('buffer churn', () => {
    const flying = [];
    const next = random(4);
    return () => { flying[Math.floor(next() * 20)] = Buffer.alloc(64_000 + Math.floor(next() * 100_000), 1); };
  }),
  clean('bursts', () => {
    const next = random(5);
    let burst = null;
    return () => { if (burst === null && next() < 0.02) burst = Array.from({ length: 300 }, () => text(400)); else if (next() < 0.1) burst = null; return burst; };
  }),
  clean('daily wave', () => {
    const sessions = [];
    let call = 0;
    return () => {
      call += 1;
      const wanted = 100 + Math.round(80 * Math.sin(call / 60));
      while (sessions.length < wanted) sessions.push(request(call, 300));
      while (sessions.length > wanted) sessions.pop();
    };
  }),
  clean('pool', () => {
    const pool = [];
    const next = random(6);
    return () => { const busy = Math.floor(next() ** 4 * 40); while (pool.length < busy) pool.push({ buffer: text(3000) }); };
  }),
  clean('JIT warm-up', () => {
    const templates = new Map();
    let call = 0;
    return () => {
      const at = (call += 1) % 60;
      if (!templates.has(at)) templates.set(at, new Function('x', `const a = [x, ${at}]; return a.map((y) => y * ${at}).join('-') + '${'p'.repeat(at)}';`));
      return templates.get(at)(call);
    };
  }),
  clean('one large step', () => {
    let model = null;
    let call = 0;
    return () => { call += 1; if (call === 1500) model = Array.from({ length: 400 }, () => text(1000)); return model === null; };
  }),
  clean('LRU', () => {
    const cache = new Map();
    const next = random(21);
    return () => {
      const key = Math.floor(next() ** 2 * 1200);
      const hit = cache.get(key) ?? { html: text(1200) };
      cache.delete(key);
      cache.set(key, hit);
      if (cache.size > 300) cache.delete(cache.keys().next().value);
    };
  }),
  clean('sawtooth', () => {
    let batch = [];
    return () => { batch.push({ message: text(1200) }); if (batch.length >= 450) batch = []; };
  }),
  clean('one-off start-up', () => {
    const catalogues = new Map();
    let call = 0;
    return () => { const at = (call += 1) % 25; if (!catalogues.has(at)) catalogues.set(at, Array.from({ length: 30 }, () => text(900))); return catalogues.get(at).length; };
  }),
  clean('slow first call', () => {
    // It loads and connects; the others take a millisecond.
    let table;
    const { setTimeout: after } = require('node:timers');
    return async () => {
      await new Promise((resolve) => { after(resolve, table === undefined ? 150 : 1); });
      table ??= Array.from({ length: 5000 }, (_, id) => ({ id }));
      return JSON.stringify(request(1, 500)).length;
    };
  }),
  clean('TTL cache', () => {
    const cache = new Map();
    let call = 0;
    return () => {
      call += 1;
      cache.set(call, request(call, 400));
      if (call % 40 === 0) for (const key of cache.keys()) if (key < call - 150) cache.delete(key);
    };
  }),
  clean('WeakRef memo', () => {
    const memo = new Map();
    const registry = new FinalizationRegistry((key) => { if (memo.get(key)?.deref() === undefined) memo.delete(key); });
    const next = random(30);
    return () => {
      const key = Math.floor(next() * 500);
      if (memo.get(key)?.deref() !== undefined) return;
      const result = { html: text(800) };
      memo.set(key, new WeakRef(result));
      registry.register(result, key);
    };
  }),
  clean('nothing', () => () => {}),
  clean('JSON', () => () => JSON.parse(JSON.stringify(request(1, 2000)))),
  clean('sort and search', () => { const next = random(8); return () => Array.from({ length: 500 }, next).sort((a, b) => a - b).indexOf(0.5); }),
  clean('regular expressions', () => { let call = 0; return () => `order ${call += 1} of ${call % 97}`.match(/(\d+) of (\d+)/)?.[1]; }),
  clean('listeners removed', () => {
    const emitter = new EventEmitter();
    return () => { const held = request(1, 500); const listener = () => held; emitter.on('x', listener); emitter.emit('x'); emitter.off('x', listener); };
  }),
  clean('async', () => async () => { const held = request(1, 500); await null; return held; }),
  clean('async with a timer', () => () => new Promise((resolve) => { require('node:timers').setTimeout(resolve, 1); })),
  clean('promise fan-out', () => () => Promise.all(Array.from({ length: 20 }, async (_, id) => { await null; return request(id, 100); }))),
  clean('ring buffer', () => { const ring = new Array(200); let at = 0; return () => { ring[at++ % 200] = request(at, 500); }; }),
  clean('WeakMap', () => { const details = new WeakMap(); return () => { const socket = {}; details.set(socket, request(1, 800)); return details.get(socket).id; }; }),
  clean('strings interned', () => { const next = random(9); const seen = {}; return () => { seen[`key-${Math.floor(next() * 300)}`] = true; }; }),
  clean('errors thrown and caught', () => () => { try { throw new Error(text(300)); } catch (error) { return error.stack?.length; } }),
];
