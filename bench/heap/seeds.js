'use strict';
// The ten seeds of trouble: does the first thing that is said name the holder? heapwatch and memlab on the same three snapshots.
//
//   MEMLAB_API=<folder with @memlab/api installed> node bench/heap/seeds.js
//
// memlab's own filter looks for detached elements of pages and finds nothing in a server's heap; so it is also given a filter that takes every
// object, as its documentation advises for other leaks.

const { spawnSync } = require('node:child_process');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');

const { diff } = require('../..');
const { runFixture } = require('../../__test__/run.js');
const { circumstances, writeResult } = require('../lib/results.js');

/** What must be named. */
const SEEDS = {
  'requests-in-map': 'inFlight',
  'headers-in-array': 'headersArray',
  'the-thing': 'theThing',
  listeners: 'bus',
  timers: 'checkJob',
  instances: 'auditLog',
  cache: 'renderCache',
  promises: 'ready',
  sliced: 'tokens',
  buffers: 'uploads',
};

/** @param {string[]} files @param {boolean} all */
function memlab(files, all) {
  const { stdout } = spawnSync(process.execPath, [path.join(__dirname, 'contenders/memlab-leaks.js'), all ? 'all' : 'own', ...files], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const line = stdout.split('\n').find((each) => each.startsWith('TRACES '));
  return line === undefined ? [] : /** @type {string[]} */ (JSON.parse(line.slice(7)));
}

async function main() {
  const rows = [];
  for (const [seed, holder] of Object.entries(SEEDS)) {
    const folder = mkdtempSync(path.join(tmpdir(), 'heapwatch-seed-'));
    try {
      await runFixture(`heap-seeds/${seed}.js`, { args: [folder, '3'] });
      const files = [0, 1, 2].map((at) => path.join(folder, `${at}.heapsnapshot`));
      const [first] = (await diff(files[0], files[1], files[2])).findings;
      const [own, all] = [memlab(files, false), memlab(files, true)];
      const names = (/** @type {string | undefined} */ text) => text !== undefined && text.includes(holder);
      rows.push({ seed, holder, heapwatch: names(first?.sentence), memlab: names(own[0]), memlabAll: names(all[0]), memlabAllAny: all.some(names), said: first?.sentence, memlabSaid: (all[0] ?? '').slice(0, 400) });
      console.log(JSON.stringify(rows.at(-1)));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const count = (/** @type {'heapwatch' | 'memlab' | 'memlabAll' | 'memlabAllAny'} */ who) => rows.filter((row) => row[who]).length;
  console.log(`named first: heapwatch ${count('heapwatch')}, memlab ${count('memlab')}, memlab with a filter that takes all ${count('memlabAll')} (anywhere: ${count('memlabAllAny')}) of ${rows.length}`);
  writeResult(__dirname, 'seeds', { circumstances: circumstances({ path: process.execPath, version: process.version }), rows });
}

main();
