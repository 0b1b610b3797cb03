'use strict';

// The matchers inside the runners that they are for, as a user has them. HEAPWATCH_JEST29, HEAPWATCH_JEST30 and HEAPWATCH_VITEST name folders with the runners
// installed; where there is none, the tests are skipped, but not in CI.

const assert = require('node:assert/strict');
const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');

const { ROOT, run } = require('./run.js');
const { project, whyNot } = require('./runner-project.js');

const MAJOR = process.versions.node.split('.')[0];

/** Vitest's and Jest's own minimum. */
const supports = (/** @type {string} */ name) => name !== 'vitest' || Number(MAJOR) >= 20;

for (const name of /** @type {const} */ (['jest29', 'jest30', 'vitest'])) {
  describe(name, { skip: whyNot(name) || !supports(name) }, () => {
    /** @param {string[]} args @param {NodeJS.ProcessEnv} [env] @param {Record<string, unknown>} [config] */
    const inProject = async (args, env, config) => {
      const its = project(name, config);
      try {
        return await its.run(args, env);
      } finally {
        its.remove();
      }
    };

    test('clean code passes, and a planted leak is found', async () => {
      const { code, output } = await inProject(['clean.test']);
      assert.equal(code, 0, output);
    });

    test('instances that are alive are counted, also where v8.queryObjects cannot see them', async () => {
      const { code, output } = await inProject(['alive.test']);
      assert.equal(code, 0, output);
    });

    test('a leak fails, and the message has its figures', async () => {
      const { code, output } = await inProject(['leaking.test']);
      assert.notEqual(code, 0, output);
      assert.match(output, /leakyHandler\(\) retains [\d,]+ B per call \(99 % interval [\d,]+–[\d,]+; \d+ rounds of \d+ calls; not levelling off\)/);
      assert.match(output, /heap \d+ %, external \d+ %; at 100 calls\/s the heap limit is reached in /);
      assert.match(output, /per call {2}Session|no culprit is named: \S+/);
    });

    test('an assertion that nobody awaits fails its test', async () => {
      const { code, output } = await inProject(['forgotten.test']);
      assert.notEqual(code, 0, output);
      assert.match(output, /toLeak had not finished when the test ended/);
    });

    test('in concurrent tests nobody is ended for another one, and one that nobody awaits fails the file', async () => {
      const { code, output } = await inProject(['concurrent.test']);
      assert.equal(code, 0, output);
      const forgotten = await inProject(['concurrent-forgotten.test']);
      assert.notEqual(forgotten.code, 0, forgotten.output);
      assert.match(forgotten.output, /toLeak had not finished when the test ended/);
    });

    test('a function that hangs is its own test\'s failure alone', async () => {
      const { code, output } = await inProject(['hangs.test']);
      assert.notEqual(code, 0, output);
      assert.match(output, /Tests: +1 failed, 1 passed|Tests +1 failed \| 1 passed/);
    });

    test('one that is inconclusive passes, and says how many calls it would take', async () => {
      const { code, output } = await inProject(['inconclusive.test']);
      assert.equal(code, 0, output);
      assert.match(output, /slow\(\): whether it leaks is not known: .*It would take some [\d,]+ calls: set maxMs to \d+/s);
    });

    test('what the runner, source maps and V8 add by themselves is no leak', async () => {
      const { code, output } = await inProject(['artefacts.test'], { NODE_OPTIONS: '--enable-source-maps' });
      assert.equal(code, 0, output);
    });

    test('a leak in a test whose time is over is told all the same', async () => {
      const { code, output } = await inProject(['short-of-time.test']);
      assert.notEqual(code, 0, output);
      assert.match(output, /leakyHandler\(\) retains [\d,]+ B per call/);
      assert.match(output, /toLeak was still looking for who leaks when the test ended/);
    });

    test('a function that throws fails with its own error, not as a leak', async () => {
      const { code, output } = await inProject(['throws.test']);
      assert.notEqual(code, 0, output);
      assert.match(output, /out of stock/);
      assert.doesNotMatch(output, /retains/);
    });

    test('under fake timers', async () => {
      const { code, output } = await inProject(['fake-timers.test']);
      assert.equal(code, 0, output);
    });

    test('a baseline is written, holds, fails on a regression and is updated with -u', async () => {
      const its = project(name);
      try {
        const file = path.join(its.dir, '__memory__', 'baseline.test.js.json');
        const inCi = await its.run(name === 'vitest' ? ['baseline.test'] : ['--ci', 'baseline.test'], { CI: 'true' });
        assert.notEqual(inCi.code, 0, inCi.output);
        assert.match(inCi.output, /in CI none is written/);
        assert.ok(!existsSync(file));
        const first = await its.run(['baseline.test']);
        assert.equal(first.code, 0, first.output);
        const written = JSON.parse(readFileSync(file, 'utf8'));
        assert.ok(written.handler[MAJOR].allocated > 1000, JSON.stringify(written));
        const again = await its.run(['baseline.test']);
        assert.equal(again.code, 0, again.output);
        const worse = await its.run(['baseline.test'], { REGRESSED: '1' });
        assert.notEqual(worse.code, 0, worse.output);
        assert.match(worse.output, /allocates [\d,]+ B per call \([\d,]+–[\d,]+\), and did [\d,]+ B \([\d,]+–[\d,]+\) when the baseline was taken/);
        const updated = await its.run(['baseline.test', '-u'], { REGRESSED: '1' });
        assert.equal(updated.code, 0, updated.output);
        assert.ok(JSON.parse(readFileSync(file, 'utf8')).handler[MAJOR].allocated > written.handler[MAJOR].allocated * 2);
      } finally {
        its.remove();
      }
    });
  });
}

for (const name of /** @type {const} */ (['jest29', 'jest30'])) {
  describe(`${name}, its ways to run`, { skip: whyNot(name) }, () => {
    const WAYS = [
      { way: 'in band', args: ['--runInBand', 'clean.test', 'resets-modules.test'] },
      { way: 'in workers', args: ['--maxWorkers=2', 'clean.test', 'resets-modules.test'] },
      { way: 'in worker threads', args: ['--maxWorkers=2', '--workerThreads', 'clean.test', 'resets-modules.test'] },
      { way: 'with coverage', args: ['--coverage', 'clean.test', 'artefacts.test'] },
      { way: 'with coverage by V8', args: ['--coverage', '--coverageProvider=v8', 'clean.test', 'artefacts.test'] },
      { way: 'with fake timers everywhere', args: ['clean.test'], config: { fakeTimers: { enableGlobally: true } } },
      { way: 'with resetModules everywhere', args: ['clean.test'], config: { resetModules: true } },
      { way: 'in TypeScript, by babel', args: ['typed.test'], config: { transform: { '\\.ts$': ['babel-jest', { presets: [['@babel/preset-env', { targets: { node: 'current' } }], '@babel/preset-typescript'] }] } } },
      { way: 'in TypeScript, by ts-jest, which checks the types', args: ['typed.test', 'typed-globals.test'], config: { transform: { '\\.ts$': 'ts-jest' } } },
      { way: 'in ESM', args: ['esm.test'], env: { NODE_OPTIONS: '--experimental-vm-modules' }, config: { moduleFileExtensions: ['mjs', 'js', 'json'] } },
    ];
    for (const { way, args, env, config } of WAYS) {
      test(way, async () => {
        const its = project(name, config);
        try {
          const { code, output } = await its.run(args, env);
          assert.equal(code, 0, output);
          assert.match(output, /Tests: +\d+ passed, \d+ total/);
        } finally {
          its.remove();
        }
      });
    }

    for (const way of ['--runInBand', '--maxWorkers=2']) test(`${way}: the table names the file that keeps memory`, async () => {
      const its = project(name, { testEnvironment: 'heapwatch/jest-environment', reporters: ['default', 'heapwatch/jest-reporter'] });
      try {
        const { code, output } = await its.run([way, 'clean.test', 'keeps.test', 'throws.test', 'resets-modules.test']);
        assert.equal(code, 1, output);
        assert.match(output, /Heap that stays after each test file/);
        for (const file of ['clean', 'keeps', 'throws', 'resets-modules']) assert.match(output, new RegExp(`^${file}\\.test\\.js +-?[\\d.]+ [KM]?B`, 'm'));
        const rows = output.slice(output.indexOf('Heap that stays')).split('\n').filter((line) => line.includes('.test.js') && !line.includes('first of its worker'));
        if (!/keeps\.test\.js.*first of its worker/.test(output)) assert.match(rows[0], /^keeps\.test\.js .*keeps memory/);
        assert.ok(!existsSync(path.join(its.dir, '__memory__')));
      } finally {
        its.remove();
      }
    });
  });
}

test('in a page: Jest 29 with jsdom, whose AbortSignal is an old one', { skip: whyNot('jest29') }, async () => {
  const its = project('jest29', { testEnvironment: './memory-env.js', reporters: ['default', 'heapwatch/jest-reporter'] });
  try {
    const { code, output } = await its.run(['dom.test']);
    assert.equal(code, 0, output);
    assert.match(output, /^dom\.test\.js +-?[\d.]+ [KM]?B/m);
  } finally {
    its.remove();
  }
});

test('Vitest knows the matchers\' types', { skip: whyNot('vitest') }, async () => {
  const its = project('vitest', {}, path.join(__dirname, 'fixtures', 'runners-types'));
  try {
    const { code, stdout } = await run(process.execPath, [path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', its.dir], {}, { cwd: its.dir, timeoutMs: 120_000 });
    assert.equal(code, 0, stdout);
  } finally {
    its.remove();
  }
});
