'use strict';
// Heaps that die, of several things in several places: what is left of them, and whether they die as they do without heapwatch.

const { mkdtempSync, readFileSync, readdirSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');

const { withCgroup } = require('../../__test__/cgroup.js');
const { run } = require('../../__test__/run.js');
const { readSnapshot } = require('../../__test__/snapshots.js');
const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances, readResults, writeResult } = require('../lib/results.js');
const { judge, oomTable } = require('./summary.js');

const DIES = path.join(__dirname, 'dies.js');
/** Of V8's old generation. */
const HEAP_MB = 150;
/** Where the container is hardly larger than the heap, V8 must get to its limit before the kernel loses patience: 50 MB are Node's own. */
const TIGHT_HEAP_MB = 512;
const PID_1 = ['unshare', '-pf', '--mount-proc', '--kill-child'];

/** @type {Record<string, { heapMb: number, limitMb?: number, before: string[], ways: string[] }>} */
const PLACES = {
  'no container': { heapMb: HEAP_MB, before: [], ways: ['gradual', 'array', 'strings'] },
  'pid 1': { heapMb: HEAP_MB, before: PID_1, ways: ['gradual', 'array', 'strings'] },
  'container of 4 × the heap': { heapMb: HEAP_MB, limitMb: 4 * HEAP_MB, before: [], ways: ['gradual', 'array', 'strings', 'buffers'] },
  'container of 4 ×, pid 1': { heapMb: HEAP_MB, limitMb: 4 * HEAP_MB, before: PID_1, ways: ['gradual', 'array', 'strings', 'buffers'] },
  'container of 1.2 × the heap': { heapMb: TIGHT_HEAP_MB, limitMb: Math.round(1.2 * TIGHT_HEAP_MB), before: [], ways: ['gradual', 'array', 'strings', 'buffers'] },
};

/** A copy that outlives its maker is waited for. */
const COPY_MS = 180_000;

/**
 * @typedef {{ end: string, ms: number }} Death  exit code or signal, and time from start to end
 *
 * @typedef {object} Case
 * @property {string} place
 * @property {string} way
 * @property {Death} without
 * @property {Death & { stoppedMs: number | null }} withHeapwatch  stoppedMs: for how long the process stood still for the copy, as it says itself
 * @property {'snapshot' | 'classes' | 'refusal' | 'nothing'} left
 * @property {number} leaked  instances of the leaking class in what was left
 * @property {string[]} said  heapwatch's lines on stderr, where there is no snapshot
 *
 * @typedef {{ circumstances: ReturnType<typeof circumstances>, cases: Case[] }} OomResult
 */

async function main() {
  const { values } = parseArgs({
    options: { node: { type: 'string', multiple: true }, place: { type: 'string', multiple: true }, way: { type: 'string', multiple: true } },
  });
  for (const node of nodeBinaries(values.node)) {
    /** @type {OomResult} */
    const result = { circumstances: circumstances(node), cases: [] };
    const earlier = readResults(__dirname).find(({ circumstances: { node: version } }) => version === node.version)?.cases ?? [];
    for (const [place, { ways }] of Object.entries(PLACES)) {
      if (values.place && !values.place.includes(place)) continue;
      for (const way of ways.filter((each) => values.way?.includes(each) ?? true)) {
        result.cases.push(await dieTwice(node.path, place, way));
        console.log(oomTable([{ ...result, cases: result.cases.slice(-1) }]));
        const kept = earlier.filter((/** @type {Case} */ each) => !result.cases.some((now) => now.place === each.place && now.way === each.way));
        writeResult(__dirname, node.major, { ...result, cases: [...kept, ...result.cases] });
      }
    }
    const complaints = judge(result);
    if (complaints.length > 0) {
      console.error(complaints.join('\n'));
      process.exitCode = 1;
    }
  }
}

/**
 * @param {string} node
 * @param {string} place
 * @param {string} way
 * @returns {Promise<Case>}
 */
async function dieTwice(node, place, way) {
  const dir = mkdtempSync(path.join(tmpdir(), 'heapwatch-oom-'));
  try {
    const without = await die(node, place, [way]);
    const { stderr, ...death } = await die(node, place, [way, dir], dir);
    const stopped = /stopped for ([\d.]+) ms/.exec(stderr)?.[1];
    return {
      place, way, without: { end: without.end, ms: without.ms },
      withHeapwatch: { ...death, stoppedMs: stopped === undefined ? null : Number(stopped) },
      ...whatIsLeft(dir, stderr),
      said: readdirSync(dir).some((name) => name.endsWith('.heapsnapshot')) ? [] : stderr.split('\n').filter((line) => line.startsWith('heapwatch: ')).map((line) => line.replaceAll(dir, '<dir>')),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * @param {string} node
 * @param {string} place
 * @param {string[]} args
 * @param {string} [dir]
 */
async function die(node, place, args, dir) {
  const { heapMb, limitMb, before } = PLACES[place];
  const [command, ...rest] = [...before, node, `--max-old-space-size=${heapMb}`, DIES, ...args];
  const dieHere = async (/** @type {typeof run} */ start) => {
    const beganMs = performance.now();
    const { code, signal, stderr } = await start(command, rest, {}, { timeoutMs: COPY_MS });
    const ms = Math.round(performance.now() - beganMs);
    // Inside the container, whose limit goes when it does.
    for (const untilMs = performance.now() + COPY_MS; dir !== undefined && isWriting(dir) && performance.now() < untilMs;) await sleep(100);
    return { end: signal ?? String(code), ms, stderr };
  };
  return limitMb === undefined ? dieHere(run) : withCgroup(limitMb, (inside) => dieHere(inside));
}

/** Somebody holds the lock of an incomplete file. @param {string} dir */
function isWriting(dir) {
  const { binding } = require('../../lib/native.js').native();
  return readdirSync(dir).some((name) => name.endsWith('.partial') && binding.isBeingWritten(path.join(dir, name)));
}

/**
 * @param {string} dir
 * @param {string} stderr
 * @returns {Pick<Case, 'left' | 'leaked'>}
 */
function whatIsLeft(dir, stderr) {
  const files = readdirSync(dir).map((name) => path.join(dir, name));
  const snapshot = files.find((file) => file.endsWith('.heapsnapshot'));
  if (snapshot) return { left: 'snapshot', leaked: readSnapshot(snapshot).count('LeakedThing') };
  const classes = files.find((file) => file.endsWith('.classes.json'));
  if (classes) return { left: 'classes', leaked: new Map(JSON.parse(readFileSync(classes, 'utf8')).classes).get('LeakedThing') ?? 0 };
  return { left: /HEAPWATCH_\w+, \w+\)/.test(stderr) ? 'refusal' : 'nothing', leaked: 0 };
}

main();
