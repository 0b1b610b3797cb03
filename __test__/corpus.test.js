'use strict';

// That the corpus is what docs/leak-verdicts.md says it is. What the verdict says of it takes minutes: bench/corpus/run.js --quick.

const assert = require('node:assert/strict');
const path = require('node:path');
const { describe, test } = require('node:test');

const { ROOT, run } = require('./run.js');
const { programs } = require('../bench/corpus/programs.js');

const CORPUS = programs();

describe('the corpus', () => {
  test('has twelve programs that leak and twelve that do not, each with a name and a reason', () => {
    assert.equal(CORPUS.filter(({ leaks }) => leaks).length, 12);
    assert.equal(CORPUS.filter(({ leaks }) => !leaks).length, 12);
    assert.equal(new Set(CORPUS.map(({ name }) => name)).size, CORPUS.length);
    for (const { file, leaks, why } of CORPUS) {
      assert.equal(path.basename(file).startsWith('leak-'), leaks, file);
      assert.ok(why.length > 20, file);
    }
  });

  test('runs: a hundred turns of each program', async () => {
    const code = `
      const { programs } = require('./bench/corpus/programs.js');
      for (const { name, start } of programs()) {
        const step = start();
        for (let turn = 0; turn < 100; turn += 1) step(turn * 10);
        console.log(name);
      }
      process.exit();`;
    const { code: exitCode, stdout, stderr } = await run(process.execPath, ['-e', code]);
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(stdout.trim().split('\n'), CORPUS.map(({ name }) => name));
  });

  test('is documented, every program of it', () => {
    const text = require('node:fs').readFileSync(path.join(ROOT, '__test__', 'corpus', 'README.md'), 'utf8');
    for (const { file, why } of CORPUS) assert.ok(text.includes(path.basename(file)) && text.includes(why), file);
  });
});
