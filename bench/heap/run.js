'use strict';

// Reading and analysing snapshots, and comparing two, against the peers:
//
//   cargo build --release --example heap_dump
//   cargo build --release --manifest-path bench/heap/v8-heap-parser/Cargo.toml
//   node bench/heap/run.js [--rounds 3] [--limit-seconds 300] <file.heapsnapshot>… [--diff <before> <after>]
//
// Files are made by make-heap.js. Each contender is a process of its own; of its time and peak RSS (from wait4, by
// /usr/bin/time) the best round counts, since whatever else the machine does only adds; seconds of CPU stand beside, for
// machines that are busy with something else. The order is shuffled in each
// round. What no reader can be faster than stands beside: reading the bytes and counting the commas, on one core.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances, writeResult } = require('../lib/results.js');
const { bundle } = require('./oracle/bundle.js');

const DUMP = process.env.HEAP_DUMP ?? path.join(__dirname, '../../target/release/examples/heap_dump');
const PARSER = process.env.V8_HEAP_PARSER ?? path.join(__dirname, 'v8-heap-parser/target/release/peer-v8-heap-parser');

/** Seconds and peak RSS of a command; null if it failed or took too long. */
function measure([command, ...parameters], limitSeconds) {
  const times = path.join(os.tmpdir(), `heapwatch-bench-${process.pid}`);
  const result = spawnSync('/usr/bin/time', ['-o', times, '-f', '%e %U %S %M', command, ...parameters],
    { stdio: 'ignore', timeout: limitSeconds * 1000, killSignal: 'SIGKILL' });
  if (result.status !== 0) return null;
  const [seconds, user, system, rssKb] = fs.readFileSync(times, 'utf8').trim().split(/\s+/).map(Number);
  fs.rmSync(times);
  return { seconds, cpuSeconds: user + system, rssBytes: rssKb * 1024 };
}

function contenders(node, devtools) {
  const flags = ['--max-old-space-size=16000'];
  return {
    heapwatch: (files) => [DUMP, files.length === 1 ? 'table' : 'diff', ...files],
    'v8-heap-parser': (files) => (files.length === 1 ? [PARSER, ...files] : null),
    DevTools: (files) => [node, ...flags, path.join(__dirname, 'contenders/devtools.js'), devtools, ...files],
    memlab: (files) => [node, ...flags, path.join(__dirname, 'contenders/memlab.js'), ...files],
    'read, commas counted': (files) => (files.length === 1 ? [DUMP, 'floor', ...files] : null),
  };
}

function shuffled(list) {
  return list.map((item) => [Math.random(), item]).sort((a, b) => a[0] - b[0]).map(([, item]) => item);
}

async function main(parameters) {
  const files = [];
  const options = { rounds: 3, limitSeconds: 300, only: null };
  for (let i = 0; i < parameters.length; i++) {
    if (parameters[i] === '--rounds') options.rounds = Number(parameters[++i]);
    else if (parameters[i] === '--limit-seconds') options.limitSeconds = Number(parameters[++i]);
    else if (parameters[i] === '--only') options.only = parameters[++i].split(',');
    else if (parameters[i] === '--name') options.name = parameters[++i];
    else if (parameters[i] === '--diff') files.push([parameters[++i], parameters[++i]]);
    else files.push([parameters[i]]);
  }
  const node = nodeBinaries().find(({ major }) => major === '24') ?? nodeBinaries()[0];
  const all = contenders(node.path, await bundle());
  const names = options.only ?? Object.keys(all);
  const results = [];
  for (const group of files) {
    const bytes = group.reduce((sum, file) => sum + fs.statSync(file).size, 0);
    execFileSync('cat', group, { stdio: ['ignore', 'ignore', 'inherit'], maxBuffer: 1 });
    const best = {};
    for (let round = 0; round < options.rounds; round++) {
      for (const name of shuffled(names)) {
        const command = all[name](group);
        if (command === null || best[name] === null) continue;
        const result = measure(command, options.limitSeconds);
        process.stderr.write(`${group.map((file) => path.basename(file)).join(' → ')} ${name}: ${JSON.stringify(result)}\n`);
        if (result === null) best[name] = null;
        else if (!best[name] || result.seconds < best[name].seconds) best[name] = { ...result, rssBytes: Math.max(result.rssBytes, best[name]?.rssBytes ?? 0) };
      }
    }
    results.push({ files: group.map((file) => path.basename(file)), bytes, contenders: best });
    const { rounds, limitSeconds } = options;
    writeResult(__dirname, options.name ?? 'heap', { circumstances: circumstances(node), loadAverage: os.loadavg(), rounds, limitSeconds, results });
  }
}

if (process.argv.length < 3) {
  process.stderr.write('usage: run.js [--rounds n] [--limit-seconds n] [--only names] [--name result] <file>… [--diff <before> <after>]\n');
  process.exitCode = 2;
} else {
  main(process.argv.slice(2));
}
