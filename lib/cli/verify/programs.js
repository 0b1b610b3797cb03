'use strict';

// Small programs whose truth is known: what `heapwatch verify` plants. __test__/corpus has many more.

const { EventEmitter } = require('node:events');

/**
 * @typedef {object} Planted
 * @property {string} name
 * @property {boolean} leaks
 * @property {() => (elapsedMs: number) => void} start answers a step, which is called once for each STEP_MS that pass
 */

const STEP_MS = 10;

/** What the program holds from its first second on, and what it works with in between. */
const BASE_RECORDS = 15_000;

/** A string on V8's heap that takes its bytes at once. @param {number} bytes */
const text = (bytes) => Buffer.alloc(bytes, 'a line of text ').toString('latin1');

/** @param {number} count */
const records = (count) => Array.from({ length: count }, (_, id) => ({ id, tags: [id, id + 1], name: `record ${id}`, text: text(700) }));

/** Work that leaves nothing. */
const work = () => JSON.parse(JSON.stringify(records(20))).length;

/** @type {Planted[]} */
const PROGRAMS = [
  {
    name: 'a Map that only grows',
    leaks: true,
    start() {
      const held = { base: records(BASE_RECORDS), sessions: new Map() };
      return () => {
        work();
        for (let i = 0; i < 12; i += 1) held.sessions.set(`session ${held.sessions.size}`, { since: i, cart: text(800) });
      };
    },
  },
  {
    name: 'listeners that are not taken off',
    leaks: true,
    start() {
      const base = records(BASE_RECORDS);
      const source = new EventEmitter().setMaxListeners(0);
      return () => {
        work();
        for (let i = 0; i < 4; i += 1) {
          const connection = { buffer: text(3000), record: base[i] };
          source.on('change', () => { connection.buffer = ''; });
        }
      };
    },
  },
  {
    name: 'Buffers that are kept',
    leaks: true,
    start() {
      const held = { base: records(BASE_RECORDS), chunks: /** @type {Buffer[]} */ ([]) };
      let steps = 0;
      return () => {
        work();
        const chunk = Buffer.alloc(64 * 1024, 1);
        steps += 1;
        if (steps % 4 === 0) held.chunks.push(chunk);
      };
    },
  },
  {
    name: 'a batch that is collected and dropped',
    leaks: false,
    start() {
      const held = { base: records(BASE_RECORDS), batch: /** @type {object[]} */ ([]) };
      return () => {
        work();
        for (let i = 0; i < 150; i += 1) held.batch.push({ i, line: text(900) });
        if (held.batch.length > 12_000) held.batch = [];
      };
    },
  },
  {
    name: 'a cache with a bound',
    leaks: false,
    start() {
      const base = records(BASE_RECORDS);
      const cache = new Map();
      let asked = 0;
      return () => {
        work();
        for (let i = 0; i < 60; i += 1) {
          asked += 1;
          cache.set(asked, { page: text(1500), record: base[i] });
          if (cache.size > 6000) cache.delete(cache.keys().next().value);
        }
      };
    },
  },
  {
    name: 'growth while starting',
    leaks: false,
    start() {
      const held = { base: records(BASE_RECORDS), modules: /** @type {object[]} */ ([]) };
      return (elapsedMs) => {
        work();
        if (elapsedMs < 2000) held.modules.push(records(80));
      };
    },
  },
];

module.exports = { PROGRAMS, STEP_MS };
