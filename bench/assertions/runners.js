'use strict';

// A runner with the corpus as its test file, once.

const { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { project, putHeapwatchInto, versionOf, whyNot } = require('../../__test__/runner-project.js');
const { run } = require('../../__test__/run.js');

/** @typedef {'jest29' | 'jest30' | 'vitest' | 'node-test'} Runner */
/** @typedef {{ program: string, verdict: 'leak' | 'clean' | 'inconclusive' | 'error', ms: number, cpuMs: number, message?: string }} Outcome */

const RUNNERS = /** @type {Runner[]} */ (['jest29', 'jest30', 'vitest', 'node-test']);

const TESTS = path.join(__dirname, '..', '..', '__test__');
const TIMEOUT_MS = 900_000;

/** @param {Runner} runner @param {string} nodeVersion */
const runnerVersion = (runner, nodeVersion) => (runner === 'node-test' ? nodeVersion : versionOf(runner));

/** @param {Runner} runner @returns {string | false} */
const missing = (runner) => (runner === 'node-test' ? false : whyNot(runner));

/** The test file and what it tests, as a project would have them. */
function corpusFiles() {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'heapwatch-assertions-'));
  cpSync(path.join(__dirname, 'files'), dir, { recursive: true });
  cpSync(path.join(TESTS, 'assertions'), path.join(dir, 'assertions'), { recursive: true });
  mkdirSync(path.join(dir, 'corpus'));
  cpSync(path.join(TESTS, 'corpus', 'support.js'), path.join(dir, 'corpus', 'support.js'));
  return dir;
}

/**
 * @param {Runner} runner
 * @param {string} node the binary
 * @param {{ ask: 'verdict' | 'message', seed: number, part?: string, only?: string }} options  part: as `1/4`, the second of four parts
 * @returns {Promise<{ outcomes: Outcome[], output: string }>}
 */
async function runCorpus(runner, node, { ask, seed, part = '0/1', only }) {
  const files = corpusFiles();
  const out = path.join(files, 'out.jsonl');
  const env = { HEAPWATCH_BENCH_OUT: out, HEAPWATCH_BENCH_ASK: ask, HEAPWATCH_BENCH_SEED: String(seed), HEAPWATCH_BENCH_PART: part, ...(only !== undefined && { HEAPWATCH_BENCH_ONLY: only }) };
  const outcomes = () => (existsSync(out) ? readFileSync(out, 'utf8').split('\n').filter(Boolean).map((line) => /** @type {Outcome} */ (JSON.parse(line))) : []);
  try {
    if (runner === 'node-test') {
      putHeapwatchInto(files);
      const { stdout, stderr } = await run(node, ['--test', path.join(files, 'corpus.test.js')], env, { cwd: files, timeoutMs: TIMEOUT_MS });
      return { outcomes: outcomes(), output: stdout + stderr };
    }
    // Jest's own transform, not none as in the tests: what users have.
    const its = project(runner, { transform: undefined, testMatch: ['**/corpus.test.js'] }, files);
    try {
      const { output } = await its.run([], env, { node, timeoutMs: TIMEOUT_MS });
      return { outcomes: outcomes(), output };
    } finally {
      its.remove();
    }
  } finally {
    rmSync(files, { recursive: true, force: true });
  }
}

module.exports = { RUNNERS, corpusFiles, missing, runCorpus, runnerVersion };
