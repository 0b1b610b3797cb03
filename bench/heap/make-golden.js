'use strict';

// Writes tests/data/heap/: random snapshots in pairs, and what Chrome DevTools' own code makes of them. Node 22 or newer.

const fs = require('node:fs');
const path = require('node:path');
const { bundle } = require('./oracle/bundle.js');
const { load } = require('./oracle/load.js');
const { randomSnapshot } = require('./oracle/random-snapshot.js');

const folder = path.join(__dirname, '../../tests/data/heap');
const PAIRS = [[11, 60], [12, 90], [13, 110], [14, 25]];

const byKey = ([a], [b]) => (a < b ? -1 : 1);

function expectations(snapshot) {
  const { total, native, v8heap } = snapshot.getStatistics();
  const node = snapshot.createNode(0);
  const dominator = snapshot.createNode(0);
  const nodes = [];
  for (let i = 0; i < snapshot.nodeCount; i++) {
    node.nodeIndex = i * snapshot.nodeFieldCount;
    dominator.nodeIndex = node.dominatorIndex();
    nodes.push([node.id(), node.selfSize(), node.retainedSize(), node.distance(), dominator.id(), node.className().toWellFormed(), node.name().toWellFormed()]);
  }
  return {
    statistics: [total, native.total, native.typedArrays, v8heap.total, v8heap.code, v8heap.jsArrays, v8heap.strings, v8heap.system],
    classes: Object.entries(snapshot.aggregatesWithFilter({})).map(([key, row]) => [key, row.count, row.self, row.maxRet, row.distance]).sort(byKey),
    nodes,
  };
}

async function main() {
  const devtools = await bundle();
  fs.mkdirSync(folder, { recursive: true });
  for (const [seed, count] of PAIRS) {
    const snapshots = [];
    for (const [i, name] of ['a', 'b'].entries()) {
      const file = path.join(folder, `random-${seed}-${name}.heapsnapshot`);
      fs.writeFileSync(file, randomSnapshot(seed * 2 + i, count, seed));
      const snapshot = await load(devtools, file);
      snapshots.push(snapshot);
      fs.writeFileSync(file.replace('.heapsnapshot', '.json'), `${JSON.stringify(expectations(snapshot))}\n`);
    }
    const [before, after] = snapshots;
    const rows = after.calculateSnapshotDiff(1, before.aggregatesForDiff(after.interfaceDefinitions()));
    const list = Object.entries(rows).map(([key, row]) => [key, row.addedCount, row.removedCount, row.addedSize, row.removedSize]).sort(byKey);
    fs.writeFileSync(path.join(folder, `random-${seed}-comparison.json`), `${JSON.stringify(list)}\n`);
  }
}

main();
