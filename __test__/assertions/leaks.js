'use strict';

// Functions under test that leak. Each: what it is, a word that a message naming the culprit must contain (class or site), and start(), which answers the
// function. Decided by reading, never by running. The first twelve are the ideas of ../corpus, as a test would call them.

const { EventEmitter } = require('node:events');
const { AsyncLocalStorage } = require('node:async_hooks');
const { random, request, text } = require('../corpus/support.js');

class Session { constructor(id) { this.id = id; this.user = { name: `user ${id}`, roles: ['a', 'b'] }; this.first = request(id, 300); } }
class Upload { constructor(bytes) { this.body = Buffer.alloc(bytes, 1); } }
class Connection { constructor(id) { this.id = id; this.handshake = request(id, 400); } }
class Job { constructor(id) { this.id = id; this.input = request(id, 300); } }
class AuditEntry { constructor(id) { this.id = id; this.copy = text(600); } }
class Answer { constructor(id) { this.id = id; this.html = text(800); } }
class Row { constructor(id) { this.id = id; this.line = text(400); } }
class View { constructor(parent) { this.parent = parent; this.children = []; this.state = text(300); } }
class Context { constructor(id) { this.id = id; this.trace = text(500); } }

const leak = (name, label, start) => ({ name, label, leaks: true, start });

module.exports = [
  leak('buffers', 'Upload', () => {
    const failed = [];
    const next = random(7);
    return () => { const upload = new Upload(2000 + Math.floor(next() * 8000)); if (next() < 0.2) failed.push(upload); return failed.length; };
  }),
  leak('cache without eviction', 'Answer', () => {
    const answers = Object.create(null);
    const next = random(10);
    let visits = 0;
    return () => {
      visits += 1;
      const page = `/products/${Math.floor(next() * 50)}`;
      answers[next() < 0.5 ? page : `${page}?utm_id=${visits}`] ??= new Answer(visits);
    };
  }),
  leak('closure chain', 'describe', () => {
    const state = { current: null };
    return () => {
      const previous = state.current;
      // eslint-disable-next-line no-unused-vars -- this is the leak
      const unused = () => { if (previous) return previous.describe(); };
      state.current = { report: text(1500), describe() { return 'a report'; } };
    };
  }),
  leak('growing Map', 'Session', () => {
    const sessions = new Map();
    let logins = 0;
    return () => { logins += 1; sessions.set(`session-${logins}`, new Session(logins)); };
  }),
  leak('intermittent', 'Row', () => {
    const rejected = [];
    let calls = 0;
    return () => {
      calls += 1;
      const rows = Array.from({ length: 20 }, (_, id) => new Row(id));
      if (calls % 12 === 0) rejected.push(rows);
      return rows.length;
    };
  }),
  leak('listeners', 'Connection', () => {
    const configuration = new EventEmitter().setMaxListeners(0);
    let connections = 0;
    return () => {
      const connection = new Connection(connections += 1);
      configuration.on('reload', (version) => { connection.version = version; });
    };
  }),
  leak('pending promises', 'Job', () => {
    const waiting = new Map();
    const next = random(5);
    let calls = 0;
    async function call(job) {
      const answer = await new Promise((resolve) => { waiting.set(job.id, resolve); });
      return { job, answer };
    }
    return () => {
      const id = (calls += 1);
      void call(new Job(id));
      if (next() < 0.5) { waiting.get(id)('answer'); waiting.delete(id); }
    };
  }),
  leak('array of requests', 'Job', () => {
    const requests = [];
    return () => { requests.push(new Job(requests.length)); };
  }),
  leak('sliced strings', 'tokens', () => {
    const tokens = [];
    let pages = 0;
    return () => { const page = text(5000); pages += 1; if (pages % 3 === 0) tokens.push(page.slice(1000, 1040)); };
  }),
  leak('timers', 'Job', () => {
    let jobs = 0;
    const setIntervalReal = require('node:timers').setInterval;
    return () => { const job = new Job(jobs += 1); setIntervalReal(() => { job.beats = 1; }, 60_000).unref(); };
  }),
  leak('under a sawtooth', 'AuditEntry', () => {
    const audit = [];
    let batch = [];
    let lines = 0;
    return () => {
      batch.push({ line: lines += 1, message: text(1900) });
      audit.push(new AuditEntry(lines));
      if (batch.length >= 700) batch = [];
    };
  }),
  leak('WeakMap with keys kept', 'Connection', () => {
    const details = new WeakMap();
    const sockets = [];
    return () => { const socket = { id: sockets.length }; details.set(socket, new Connection(socket.id)); sockets.push(socket); };
  }),
  leak('small objects', 'Point', () => {
    class Point { constructor(x) { this.x = x; this.y = { x }; this.z = [x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x]; } }
    const points = [];
    return () => { points.push(new Point(points.length)); };
  }),
  leak('async handler', 'Session', () => {
    const sessions = new Set();
    let calls = 0;
    return async () => { const session = new Session(calls += 1); await null; sessions.add(session); await null; };
  }),
  leak('slow async handler', 'Session', () => {
    const sessions = [];
    return async () => { await new Promise((resolve) => { require('node:timers').setImmediate(resolve); }); sessions.push(new Session(sessions.length)); };
  }),
  leak('symbol-keyed registry', 'Context', () => {
    const registry = {};
    let id = 0;
    return () => { registry[Symbol('request')] = new Context(id += 1); };
  }),
  leak('parent holds children', 'View', () => {
    const root = new View(null);
    return () => { const view = new View(root); root.children.push(view); };
  }),
  leak('linked list', 'Context', () => {
    let head = null;
    let id = 0;
    return () => { const node = new Context(id += 1); node.next = head; head = node; };
  }),
  leak('memo by arguments', 'Answer', () => {
    const memo = new Map();
    let id = 0;
    const memoized = (argument) => { const key = JSON.stringify(argument); if (!memo.has(key)) memo.set(key, new Answer(id)); return memo.get(key); };
    return () => memoized({ at: id += 1 });
  }),
  leak('errors with causes', 'RequestError', () => {
    class RequestError extends Error { constructor(id) { super(`request ${id}`); this.request = request(id, 500); } }
    const errors = [];
    return () => { errors.push(new RequestError(errors.length)); };
  }),
  leak('abort listeners', 'Job', () => {
    const controller = new AbortController();
    EventEmitter.setMaxListeners(0, controller.signal);
    let id = 0;
    return () => { const job = new Job(id += 1); controller.signal.addEventListener('abort', () => { job.done = true; }); };
  }),
  leak('typed arrays', 'Float64Array', () => {
    const kept = [];
    return () => { kept.push(new Float64Array(300)); };
  }),
  leak('one megabyte a call', 'Upload', () => {
    const kept = [];
    return () => { kept.push(new Upload(1024 * 1024)); };
  }),
  leak('async context', 'Context', () => {
    const storage = new AsyncLocalStorage();
    const kept = [];
    let id = 0;
    return () => storage.run(new Context(id += 1), () => { kept.push(AsyncLocalStorage.bind(() => 0)); });
  }),
];
