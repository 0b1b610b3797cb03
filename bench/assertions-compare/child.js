'use strict';
// One program of the corpus, asked about once by one contender: prints a line of JSON. Arguments: contender, program.

const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const v8 = require('node:v8');

/** Where the contenders are installed: bench's own node_modules, or a folder that has leakage's native part built. */
const FROM = { paths: [process.env.HEAPWATCH_CONTENDERS ?? __dirname] };

const programs = [...require('../../__test__/assertions/leaks.js'), ...require('../../__test__/assertions/cleans.js')];

/** @type {Record<string, (fn: () => unknown) => Promise<'leak' | 'clean' | 'inconclusive'>>} */
const CONTENDERS = {
  heapwatch: async (fn) => (await require('../../index.js').measure(fn)).verdict,
  /** leakage knows two answers. */
  leakage: async (fn) => {
    const { iterate } = require(require.resolve('leakage', FROM));
    const answer = fn();
    const isAsync = typeof (/** @type {any} */ (answer)?.then) === 'function';
    if (isAsync) await answer;
    try {
      if (isAsync) await iterate.async(fn);
      else iterate(() => { fn(); });
      return 'clean';
    } catch (error) {
      if (/** @type {Error} */ (error).name === 'MemoryLeakError') return 'leak';
      throw error;
    }
  },
  /** Snapshots before, after and after a reset, as its documentation asks for; there is nothing to reset in a function, so the last is one more of the same. */
  memlab: async (fn) => {
    const { findLeaksBySnapshotFilePaths } = require(require.resolve('@memlab/api', FROM));
    const dir = mkdtempSync(path.join(tmpdir(), 'heapwatch-memlab-'));
    const files = ['baseline', 'target', 'final'].map((name) => path.join(dir, `${name}.heapsnapshot`));
    try {
      for (let at = 0; at < 20; at += 1) await fn();
      v8.writeHeapSnapshot(files[0]);
      for (let at = 0; at < 100; at += 1) await fn();
      v8.writeHeapSnapshot(files[1]);
      v8.writeHeapSnapshot(files[2]);
      const found = await findLeaksBySnapshotFilePaths(files[0], files[1], files[2], { workDir: dir });
      return found.length > 0 ? 'leak' : 'clean';
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

const [contender, name] = process.argv.slice(2);
const program = programs.find((each) => each.name === name);
if (program === undefined) throw new Error(`there is no program ${name}`);
const fn = program.start();
const startMs = performance.now();
Promise.resolve().then(() => CONTENDERS[contender](fn)).then((verdict) => {
  console.log(JSON.stringify({ verdict, ms: Math.round(performance.now() - startMs) }));
  process.exit();
}, (error) => {
  console.log(JSON.stringify({ verdict: 'error', ms: Math.round(performance.now() - startMs), message: String(error.message).slice(0, 200) }));
  process.exit();
});
