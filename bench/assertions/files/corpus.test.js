'use strict';

// The corpus as a user would have it: one test file, a test a program, heapwatch's defaults. Each test appends what came of it to the file that
// HEAPWATCH_BENCH_OUT names. Loaded by Jest, Vitest and node:test alike.

const { appendFileSync } = require('node:fs');

const { random } = require('./corpus/support.js');

const { HEAPWATCH_BENCH_OUT: out, HEAPWATCH_BENCH_ASK: ask = 'verdict', HEAPWATCH_BENCH_SEED: seed = '1', HEAPWATCH_BENCH_ONLY: only } = process.env;
const [part, parts] = (process.env.HEAPWATCH_BENCH_PART ?? '0/1').split('/').map(Number);

const leaks = require('./assertions/leaks.js');
const cleans = require('./assertions/cleans.js');

const isOwn = typeof globalThis.expect === 'function';
const runTest = isOwn ? globalThis.test : require('node:test').test;
const memory = isOwn ? null : require('heapwatch/assert');

const doesNotLeak = (fn, options) => (isOwn ? expect(fn).not.toLeak(options) : memory.doesNotLeak(fn, options));
const doesLeak = (fn, options) => (isOwn ? expect(fn).toLeak(options) : memory.leaks(fn, options));

/** Whether a planted leak is found is asked so that a right answer passes: then nobody is looked for, which would take seconds. */
const assertions = { verdict: (program) => (program.leaks ? doesLeak : doesNotLeak), message: () => doesNotLeak };

for (const program of chosen()) {
  runTest(program.name, async () => {
    const fn = program.start();
    const assertion = assertions[ask](program);
    const startMs = performance.now();
    const startCpu = process.cpuUsage();
    let error = null;
    try {
      // With strict an inconclusive one fails, and so is seen.
      await assertion(fn, { strict: true });
    } catch (thrown) {
      error = thrown;
    }
    const ms = Math.round(performance.now() - startMs);
    const { user, system } = process.cpuUsage(startCpu);
    const cpuMs = Math.round((user + system) / 1000);
    const expected = program.leaks ? 'leak' : 'clean';
    const otherwise = program.leaks ? 'clean' : 'leak';
    const isOpen = error !== null && error.message.includes('whether it leaks is not known');
    const isMeasured = error === null || isOpen || error.message.includes(' per call');
    const passes = assertion === doesLeak ? 'leak' : 'clean';
    const fails = passes === 'leak' ? 'clean' : 'leak';
    const verdict = !isMeasured ? 'error' : isOpen ? 'inconclusive' : error === null ? passes : fails;
    appendFileSync(out, `${JSON.stringify({ program: program.name, verdict, ms, cpuMs, ...((ask === 'message' || verdict !== expected) && error !== null && { message: error.message }) })}\n`);
    if (verdict === otherwise || verdict === 'error') throw error ?? new Error(`${program.name}: called ${verdict}`);
  });
}

/** In an order of chance: what one program leaves in the heap must not always meet the same other. */
function chosen() {
  const next = random(Number(seed));
  return [...leaks, ...(ask === 'message' ? [] : cleans)]
    .filter(({ name }, at) => (only === undefined ? at % parts === part : name === only))
    .map((program) => ({ program, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ program }) => program);
}
