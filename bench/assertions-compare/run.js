'use strict';

const { existsSync, readFileSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');

const { project } = require('../../__test__/runner-project.js');
const { run } = require('../../__test__/run.js');
const { corpusFiles } = require('../assertions/runners.js');
const { PROGRAMS } = require('../assertions/summary.js');
const { nodeBinaries } = require('../lib/node-binaries.js');
const { circumstances, writeResult } = require('../lib/results.js');
const { compareTable } = require('./summary.js');
const { writeTests } = require('./detect-leaks.js');

/**
 * heapwatch, leakage, memlab and jest --detectLeaks on the corpus of functions, each program in a process of its own (with Jest in a file of its own), once.
 * Of leakage the native part must be built: HEAPWATCH_CONTENDERS names a folder where it is. Its own dependency, @aidemaster/node-memwatch 1.0.5, does not
 * compile on Node 20 and newer ("no matching function for call to v8::Object::Set"); bench/package.json puts @airbnb/node-memwatch 3 in its place.
 * Results are written after each program, and one that is there is not asked for again.
 *
 * @typedef {{ contender: string, program: string, verdict: 'leak' | 'clean' | 'inconclusive' | 'error', ms: number, message?: string }} Answer
 * @typedef {{ circumstances: ReturnType<typeof circumstances>, load: number, answers: Answer[] }} CompareResult
 */

const TIMEOUT_MS = 180_000;

async function main() {
  const { values } = parseArgs({ options: {
    contender: { type: 'string', multiple: true, default: ['heapwatch', 'leakage', 'jest --detectLeaks', 'memlab'] },
    programs: { type: 'string', default: String(PROGRAMS.length) },
  } });
  const [node] = nodeBinaries([process.execPath]);
  const file = path.join(__dirname, 'results', `${node.major}.json`);
  /** @type {CompareResult} */
  const result = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { circumstances: circumstances(node), load: 0, answers: [] };
  const note = (/** @type {Answer} */ answer) => {
    result.answers.push(answer);
    result.load = Number(os.loadavg()[0].toFixed(1));
    writeResult(__dirname, node.major, result);
    console.log(JSON.stringify(answer));
  };
  for (const contender of values.contender) {
    const missing = few(Number(values.programs)).filter(({ name }) => !result.answers.some((answer) => answer.contender === contender && answer.program === name));
    if (missing.length === 0) continue;
    if (contender === 'jest --detectLeaks') {
      for (const answer of await detectLeaks(missing, node.path)) note(answer);
      continue;
    }
    for (const { name } of missing) {
      const { stdout, stderr } = await run(node.path, [path.join(__dirname, 'child.js'), contender, name], {}, { timeoutMs: TIMEOUT_MS });
      const line = stdout.match(/^(?:.*[^\w"])?(\{"verdict".*\})\s*$/m)?.[1];
      note({ contender, program: name, ...(line === undefined ? { verdict: 'error', ms: TIMEOUT_MS, message: stderr.slice(-200) } : JSON.parse(line)) });
    }
  }
  console.log(`\n${compareTable([result])}`);
}

/** As many of either kind, spread over them. @param {number} count */
function few(count) {
  const kinds = [true, false].map((leaks) => PROGRAMS.filter((program) => program.leaks === leaks));
  return kinds.flatMap((kind) => {
    const wanted = Math.min(kind.length, Math.ceil(count / 2));
    return Array.from({ length: wanted }, (_, at) => kind[Math.floor((at * kind.length) / wanted)]);
  });
}

/**
 * @param {import('../assertions/summary').Program[]} programs
 * @param {string} node
 * @returns {Promise<Answer[]>}
 */
async function detectLeaks(programs, node) {
  const files = corpusFiles();
  const its = project('jest30', { transform: undefined, setupFilesAfterEnv: [], testMatch: ['**/program-*.test.js'] }, files);
  try {
    const tests = writeTests(its.dir, programs);
    const out = path.join(its.dir, 'results.json');
    await its.run(['--detectLeaks', '--runInBand', '--json', '--outputFile', out], {}, { node, timeoutMs: 900_000 });
    const { testResults } = JSON.parse(readFileSync(out, 'utf8'));
    return testResults.map((/** @type {any} */ { name: file, status, message, startTime, endTime }) => {
      const program = String(tests.find((each) => path.basename(each.file) === path.basename(file))?.name);
      const isLeak = /leaking memory/.test(message);
      return { contender: 'jest --detectLeaks', program, verdict: isLeak ? 'leak' : status === 'passed' ? 'clean' : 'error', ms: endTime - startTime, ...(!isLeak && status !== 'passed' && { message: message.slice(0, 200) }) };
    });
  } finally {
    its.remove();
    rmSync(files, { recursive: true });
  }
}

main();
