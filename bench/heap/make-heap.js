'use strict';

// Fills a heap and writes snapshots of it:  node make-heap.js <kind> <scale> <file> [<file after growth>]
// `kind` is what the heap is made of, `scale` 1 is a file of about 20 MB. Nothing here is random, so files of one Node
// version differ by little. The second file is taken after half as much again has been added and some has been let go.

const v8 = require('node:v8');
const { EventEmitter } = require('node:events');

const kept = [];

class Session {
  constructor(id) {
    this.id = id;
    this.user = { name: `user-${id}`, mail: `user-${id}@example.org`, roles: ['reader', id % 7 ? 'writer' : 'owner'] };
    this.seen = new Date(id * 1000);
    this.onClose = () => kept.indexOf(this);
  }
}

const kinds = {
  /** What a server keeps by mistake: requests with headers, in a Map. */
  requests(count) {
    const requests = new Map();
    kept.push(requests);
    for (let i = 0; i < count * 9000; i++) {
      requests.set(`request-${kept.length}-${i}`, {
        url: `/items/${i}`,
        headers: { host: 'example.org', accept: '*/*', 'user-agent': `agent/${i % 50}`, 'x-request-id': `id-${kept.length}-${i}` },
        session: new Session(i),
        body: i % 10 ? null : Buffer.alloc(64, i),
      });
    }
  },

  /** Many strings of their own. */
  strings(count) {
    const strings = [];
    kept.push(strings);
    for (let i = 0; i < count * 60000; i++) strings.push(`${kept.length} the quick brown fox number ${i} jumps over`);
  },

  /** Maps, Sets, WeakMaps, closures over contexts. */
  maps(count) {
    const maps = new Map();
    const weak = new WeakMap();
    kept.push({ maps, weak });
    for (let i = 0; i < count * 2500; i++) {
      const key = { i };
      const set = new Set([i, `v${i}`, key]);
      maps.set(key, new Map([['set', set], ['next', () => set.size + i], [i, Symbol(`s${i % 100}`)]]));
      if (i % 5 === 0) weak.set(key, { cached: `value ${i}`, of: set });
    }
  },

  /** A bit of each kind of thing that a heap can hold. */
  mixed(count) {
    kinds.requests(count / 3);
    kinds.strings(count / 8);
    kinds.maps(count / 4);
    const all = { promises: [], buffers: [], slices: [], ropes: [], lists: null, emitters: [], odd: {}, regexps: [], errors: [] };
    kept.push(all);
    const long = 'lorem ipsum dolor sit amet '.repeat(200);
    const generator = function* (n) { yield n; yield all; };
    for (let i = 0; i < count * 500; i++) {
      all.promises.push(new Promise(() => {}).then(() => i));
      all.buffers.push(i % 3 ? new Uint8Array(i % 100) : new Float64Array(new ArrayBuffer(256), 8, 2));
      all.slices.push(long.slice(i % 400, 300 + i % 400));
      all.ropes.push(`${all.slices[i]}${i}` + `tail ${i} ${'é∑😀'[i % 3]}`);
      all.lists = { next: all.lists, value: 2n ** BigInt(i % 200), 'odd, name': i, [`k${i % 1500}`]: 1.5 + i };
      const emitter = new EventEmitter();
      emitter.on('data', () => emitter).once('end', generator(i).next);
      all.emitters.push(emitter);
      all.odd[`dictionary ${i}`] = Object.create(null, { get: { get: () => i, enumerable: true } });
      all.regexps.push(new RegExp(`a{${i}}`), generator(i), Symbol.for(`shared ${i % 10}`), new Proxy({}, { get: () => i }));
      all.errors.push(new Error(`number ${i}`), new WeakRef(all.lists), Object.freeze([i, , 'hole']));
      (i % 2 ? setTimeout : setInterval)(() => all, 1e8 + i).unref();
    }
    all.registry = new FinalizationRegistry(() => {});
    for (const list of all.promises) all.registry.register(list, {});
    eval('function dead(a) { return a; }');
  },

  /** Syntax trees: many small objects that point at each other. */
  ast(count) {
    const typescript = require('typescript');
    const text = require('node:fs').readFileSync(require.resolve('typescript/lib/lib.dom.d.ts'), 'utf8');
    for (let i = 0; i < count / 3; i++) {
      kept.push(typescript.createSourceFile(`${kept.length}.ts`, text, typescript.ScriptTarget.Latest, true));
    }
  },
};

const [kind, scale, first, second] = process.argv.slice(2);
if (!(kind in kinds) || !(Number(scale) > 0) || first === undefined) {
  process.stderr.write(`usage: make-heap.js ${Object.keys(kinds).join('|')} <scale> <file> [<file>]\n`);
  process.exit(2);
}
kinds[kind](Number(scale));
v8.writeHeapSnapshot(first);
if (second !== undefined) {
  const before = kept[0];
  if (before instanceof Map) for (const key of [...before.keys()].slice(0, 500)) before.delete(key);
  kinds[kind](Number(scale) / 2);
  v8.writeHeapSnapshot(second);
}
