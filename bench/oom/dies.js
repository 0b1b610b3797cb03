'use strict';
// Dies for want of memory, in the way that the command line says. With a folder heapwatch is there: the heap at V8's limit, or a rule where the
// container's limit comes first.

const [way, dir] = process.argv.slice(2);
if (dir) {
  process.env.HEAPWATCH_DIR = dir; // where a rule's snapshots go
  require('../..').start({
    oom: { snapshot: true, dir },
    ...(way === 'buffers' && { thresholds: [{ maxUsedRatio: 0.5, action: ['snapshot'] }] }),
  });
}

class LeakedThing {
  /** @param {unknown} content */
  constructor(content) {
    this.content = content;
  }
}

/** @type {LeakedThing[]} */
const leak = [];
Object.assign(globalThis, { leak });

/** @type {Record<string, (i: number) => void>} */
const WAYS = {
  gradual: (i) => { leak.push(new LeakedThing({ i, headers: { host: 'example', accept: '*/*' }, body: new Array(60).fill(i) })); },
  strings: (i) => { leak.push(new LeakedThing(`${i} ${'x'.repeat(2_000)}`.split('').reverse().join(''))); },
  array: (i) => {
    if (i < 5_000) return void leak.push(new LeakedThing(i));
    /** @type {unknown[]} */
    const huge = [];
    Object.assign(globalThis, { huge });
    for (;;) huge.push(1.5, {});
  },
  buffers: (i) => {
    leak.push(new LeakedThing(Buffer.alloc(64 * 1024, 1)));
    if (i % 16 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5); // the leak of a service, not of a benchmark
  },
};

// The event loop never turns: what captures this heap does so without it.
for (let i = 0; ; i += 1) WAYS[way](i);
