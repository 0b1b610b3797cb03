'use strict';
// measure() on the corpus of functions (__test__/assertions), each run in a process of its own, under a busy loop on another core.
//
//   node bench/assertions/run.js [--majors 20,22,24,26] [--repeats 20] [--quick] [--write]
//
// --quick: the Node that runs this, one repeat. It fails on a false alarm, or with fewer than 95 % right. --write keeps the raw results in results/.

const { spawn, spawnSync } = require('node:child_process');
const { mkdirSync, writeFileSync } = require('node:fs');
const { loadavg } = require('node:os');
const path = require('node:path');

const programs = [...require('../../__test__/assertions/leaks.js'), ...require('../../__test__/assertions/cleans.js')];
const after = (name, otherwise) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : otherwise);
const isQuick = process.argv.includes('--quick');
const own = process.versions.node.split('.')[0];
const majors = after('--majors', isQuick ? own : '20,22,24,26').split(',');
const repeats = isQuick ? 1 : Number(after('--repeats', '20'));
const ROOT = path.join(__dirname, '..', '..');
const nodeOf = (major) => (major === own ? process.execPath : path.join(ROOT, '.node-majors', major, 'node_modules', 'node', 'bin', 'node'));

const noise = spawn(process.execPath, ['-e', 'for (;;) Math.sqrt(Math.random())'], { stdio: 'ignore' });
let ok = true;
try {
  for (const major of majors) {
    const runs = [];
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      for (const { name, leaks } of programs) {
        const { stdout, status } = spawnSync(nodeOf(major), [path.join(__dirname, 'child.js'), name], { encoding: 'utf8', timeout: 60_000 });
        const found = status === 0 ? JSON.parse(stdout.trim().split('\n').at(-1)) : { verdict: 'failed' };
        const isRight = found.verdict === (leaks ? 'leak' : 'clean');
        runs.push({ name, leaks, isRight, load: Number(loadavg()[0].toFixed(1)), ...found });
        if (!isRight) console.log(`  Node ${major}: ${leaks ? 'leak' : 'clean'} "${name}": ${found.verdict} ${JSON.stringify(found)}`);
      }
    }
    const count = (test) => runs.filter(test).length;
    const times = runs.map(({ ms }) => ms ?? 0).sort((a, b) => a - b);
    const summary = {
      node: major, runs: runs.length, right: count(({ isRight }) => isRight), falseAlarms: count(({ leaks, verdict }) => !leaks && verdict === 'leak'),
      missed: count(({ leaks, verdict }) => leaks && verdict === 'clean'), inconclusive: count(({ verdict }) => verdict === 'inconclusive'), medianMs: times[times.length >> 1], p90Ms: times[Math.floor(times.length * 0.9)],
    };
    console.log(JSON.stringify(summary));
    ok &&= summary.falseAlarms === 0 && summary.right >= 0.95 * summary.runs;
    if (process.argv.includes('--write')) {
      mkdirSync(path.join(__dirname, 'results'), { recursive: true });
      writeFileSync(path.join(__dirname, 'results', `measure-${major}.json`), `${JSON.stringify({ summary, runs }, null, 1)}\n`);
    }
  }
} finally {
  noise.kill();
}
process.exitCode = ok ? 0 : 1;
