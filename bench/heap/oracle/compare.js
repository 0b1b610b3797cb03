'use strict';

// Is what heapwatch says what Chrome DevTools says?  node compare.js <file> [<file after growth>]
//                                                     node compare.js --random <pairs of snapshots> [<first seed>]
//
// Class rows, Statistics, and for every node its shallow and retained size, distance, dominator, class and (one in 37)
// name; with two files also the columns of Comparison. Prints a line a file, each kind of difference with examples, and
// exits with 1 if there is any.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { bundle } = require('./bundle.js');
const { load } = require('./load.js');
const { randomSnapshot } = require('./random-snapshot.js');

const dumper = path.join(__dirname, '../../../target/release/examples/heap_dump');

/** Differences by kind, the first of each in words. */
class Differences {
  counts = new Map();
  examples = [];

  check(kind, what, ours, theirs) {
    if (Object.is(ours, theirs)) return;
    const count = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, count);
    if (count <= 5) this.examples.push(`  ${kind} of ${what}: heapwatch ${ours}, DevTools ${theirs}`);
  }
}

function lines(file) {
  return readline.createInterface({ input: fs.createReadStream(file), crlfDelay: Infinity });
}

async function compareFile(snapshot, file, temporary) {
  execFileSync(dumper, ['dump', file, temporary], { stdio: ['ignore', 'ignore', 'inherit'] });
  const differences = new Differences();
  const aggregates = snapshot.aggregatesWithFilter({});
  const unseen = new Set(Object.keys(aggregates));
  const node = snapshot.createNode(0);
  const dominator = snapshot.createNode(0);
  let nodes = 0;
  let classes = 0;
  for await (const line of lines(temporary)) {
    const row = JSON.parse(line);
    if (row.statistics) {
      const theirs = snapshot.getStatistics();
      const { native, v8heap } = theirs;
      [theirs.total, native.total, native.typedArrays, v8heap.total, v8heap.code, v8heap.jsArrays, v8heap.strings, v8heap.system]
        .forEach((value, i) => differences.check('statistics', i, row.statistics[i], value));
    } else if (row.class) {
      const [key, count, shallow, retained, distance] = row.class;
      classes++;
      unseen.delete(key);
      const theirs = aggregates[key];
      differences.check('class', key, true, theirs !== undefined);
      if (!theirs) continue;
      differences.check('class count', key, count, theirs.count);
      differences.check('class shallow size', key, shallow, theirs.self);
      differences.check('class retained size', key, retained, theirs.maxRet);
      differences.check('class distance', key, distance, theirs.distance);
    } else {
      const [id, size, retained, distance, by, className, name] = row;
      node.nodeIndex = nodes++ * snapshot.nodeFieldCount;
      const what = `node ${nodes - 1} @${id}`;
      differences.check('id', what, id, node.id());
      differences.check('shallow size', what, size, node.selfSize());
      differences.check('retained size', what, retained, node.retainedSize());
      differences.check('distance', what, distance, node.distance());
      dominator.nodeIndex = node.dominatorIndex();
      differences.check('dominator', what, by, dominator.id());
      differences.check('class name', what, className, node.className().toWellFormed());
      if ((nodes - 1) % 37 === 0) differences.check('name', what, name, node.name().toWellFormed());
    }
  }
  for (const key of unseen) differences.check('class', key, false, true);
  differences.check('count', 'nodes', nodes, snapshot.nodeCount);
  return { nodes, classes, differences };
}

async function compareDiff(before, after, files, temporary) {
  execFileSync(dumper, ['diff', ...files, temporary], { stdio: ['ignore', 'ignore', 'ignore'] });
  const differences = new Differences();
  const theirs = after.calculateSnapshotDiff(1, before.aggregatesForDiff(after.interfaceDefinitions()));
  const unseen = new Set(Object.keys(theirs));
  let classes = 0;
  for await (const line of lines(temporary)) {
    const [key, added, removed, addedSize, removedSize] = JSON.parse(line);
    classes++;
    unseen.delete(key);
    const row = theirs[key];
    differences.check('comparison class', key, true, row !== undefined);
    if (!row) continue;
    differences.check('comparison new', key, added, row.addedCount);
    differences.check('comparison deleted', key, removed, row.removedCount);
    differences.check('comparison allocated size', key, addedSize, row.addedSize);
    differences.check('comparison freed size', key, removedSize, row.removedSize);
  }
  for (const key of unseen) differences.check('comparison class', key, false, true);
  return { classes, differences };
}

function report(title, result) {
  const { counts, examples } = result.differences;
  const sum = [...counts].map(([kind, count]) => `${count} × ${kind}`).join(', ');
  process.stdout.write(`${title}: ${sum === '' ? 'equal' : sum}\n`);
  for (const example of examples) process.stdout.write(`${example}\n`);
  if (sum !== '') process.exitCode = 1;
}

async function main(files) {
  const devtools = await bundle();
  const temporary = path.join(os.tmpdir(), `heapwatch-oracle-${process.pid}.ndjson`);
  try {
    const snapshots = [];
    for (const file of files) {
      const snapshot = await load(devtools, file);
      snapshots.push(snapshot);
      const result = await compareFile(snapshot, file, temporary);
      report(`${path.basename(file)}, ${result.nodes} nodes, ${result.classes} classes`, result);
    }
    if (snapshots.length === 2) {
      const result = await compareDiff(...snapshots, files, temporary);
      report(`Comparison of the two, ${result.classes} classes`, result);
    }
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

/** Pairs of random snapshots: reports only what differs. */
async function mainRandom(pairs, firstSeed) {
  const devtools = await bundle();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'heapwatch-oracle-'));
  const files = ['a', 'b'].map((name) => path.join(folder, `${name}.heapsnapshot`));
  const temporary = path.join(folder, 'out');
  let nodes = 0;
  for (let seed = firstSeed; seed < firstSeed + pairs; seed++) {
    const count = 5 + (seed * 37) % 400;
    const snapshots = [];
    for (const [i, file] of files.entries()) {
      fs.writeFileSync(file, randomSnapshot(seed * 2 + i, count, seed));
      snapshots.push(await load(devtools, file));
      const result = await compareFile(snapshots[i], file, temporary);
      nodes += result.nodes;
      if (result.differences.counts.size > 0) report(`seed ${seed * 2 + i}, ids ${seed}, ${count} nodes`, result);
    }
    const result = await compareDiff(...snapshots, files, temporary);
    if (result.differences.counts.size > 0) report(`Comparison of pair ${seed}`, result);
  }
  process.stdout.write(`${pairs} pairs of random snapshots, ${nodes} nodes: ${process.exitCode ? 'differences' : 'equal'}\n`);
  fs.rmSync(folder, { recursive: true });
}

const files = process.argv.slice(2);
if (files[0] === '--random' && Number(files[1]) > 0) {
  mainRandom(Number(files[1]), Number(files[2] ?? 1));
} else if (files.length < 1 || files.length > 2) {
  process.stderr.write('usage: compare.js <file> [<file after growth>] | --random <pairs> [<first seed>]\n');
  process.exitCode = 2;
} else {
  main(files);
}
