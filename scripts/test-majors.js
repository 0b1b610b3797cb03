'use strict';
// The JavaScript suite on every supported Node major, with one and the same .node file.
//
//   node scripts/test-majors.js          every major
//   node scripts/test-majors.js 24       only these
//   node scripts/test-majors.js --own    the Node that runs this script
//
// Fails on a failed, skipped or unfinished ("todo") test, and when the binary changed in between. A file with a failed test is run once more, alone: what
// fails only beside others measured them, and is listed as unsteady. The last line sums up.

const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { mkdtempSync, readFileSync, readdirSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { nodeMajors } = require('./node-majors');

const ROOT = path.join(__dirname, '..');

/** Test files at once. Most of them wait for a child process; more of them push each other off two cores. */
const AT_ONCE = 2;

/** A browser and Prometheus look at what they are sent, which no Node major changes: on the Node that runs this script alone. */
const ON_OWN_MAJOR_ALONE = new Set(['dashboard.page.test.js', 'prometheus.test.js']);

const isOwn = (/** @type {string} */ major) => major === process.versions.node.split('.')[0];

/** @returns {string} name and checksum of the one binary */
function binaryChecksum() {
  const binaries = readdirSync(ROOT).filter((name) => name.endsWith('.node'));
  if (binaries.length !== 1) {
    throw new Error(`expected one .node file in the project's root, found ${binaries.length}: run npm run build`);
  }
  const sum = createHash('sha256').update(readFileSync(path.join(ROOT, binaries[0]))).digest('hex');
  return `${binaries[0]} sha256 ${sum}`;
}

/** @param {string} tap @param {string} name @returns {number} */
function count(tap, name) {
  const match = tap.match(new RegExp(`^# ${name} (\\d+)$`, 'm'));
  if (!match) throw new Error(`the test runner's report has no line "# ${name}"`);
  return Number(match[1]);
}

const FAILED_FILES = path.join(__dirname, 'failed-files.mjs');

/**
 * Runs test files and counts.
 *
 * @param {string} node
 * @param {string} folder for reports
 * @param {string[]} files
 */
function run(node, folder, files) {
  const [report, failures] = ['report.tap', 'failures'].map((name) => path.join(folder, name));
  const reporters = [['spec', 'stdout'], ['tap', report], [pathToFileURL(FAILED_FILES).href, failures]].flatMap(([reporter, destination]) => [`--test-reporter=${reporter}`, `--test-reporter-destination=${destination}`]);
  const { status } = spawnSync(node, ['--test', `--test-concurrency=${AT_ONCE}`, ...reporters, ...files], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  const tap = readFileSync(report, 'utf8');
  return {
    isPassed: status === 0,
    pass: count(tap, 'pass'),
    fail: count(tap, 'fail') + count(tap, 'cancelled'),
    skipped: count(tap, 'skipped') + count(tap, 'todo'),
    failed: [...new Set(readFileSync(failures, 'utf8').split('\n').filter(Boolean).map((file) => path.relative(ROOT, file)))],
  };
}

/**
 * All files; then, alone and once more, those that failed.
 *
 * @param {{ major: string, path: string }} node
 * @param {string} folder for reports
 */
function runTwiceIfNeeded({ major, path: node }, folder) {
  const isWanted = (/** @type {string} */ name) => name.endsWith('.test.js') && (isOwn(major) || !ON_OWN_MAJOR_ALONE.has(name));
  const files = readdirSync(path.join(ROOT, '__test__')).filter(isWanted).map((name) => path.join('__test__', name));
  const first = run(node, folder, files);
  // A failure that belongs to none of the files cannot be run again.
  if (first.isPassed || first.failed.length === 0 || !first.failed.every((file) => files.includes(file))) return { ...first, unsteady: [] };
  console.log(`\n== once more, alone: ${first.failed.join(', ')}`);
  const again = first.failed.map((file) => ({ file, ...run(node, folder, [file]) }));
  const fail = again.reduce((sum, each) => sum + each.fail, 0);
  return {
    isPassed: again.every(({ isPassed, pass }) => isPassed && pass > 0),
    pass: first.pass + first.fail - fail,
    fail,
    skipped: Math.max(first.skipped, ...again.map(({ skipped }) => skipped)),
    unsteady: again.filter(({ isPassed }) => isPassed).map(({ file }) => file),
  };
}

/** @param {string[]} args */
function chosen(args) {
  if (args[0] === '--own') return [{ major: process.versions.node.split('.')[0], path: process.execPath }];
  return nodeMajors(args.length > 0 ? args : undefined);
}

function main() {
  const checksum = binaryChecksum();
  const folder = mkdtempSync(path.join(tmpdir(), 'heapwatch-test-'));
  const total = { pass: 0, fail: 0, skipped: 0, unsteady: /** @type {string[]} */ ([]) };
  let ok = true;
  try {
    for (const node of chosen(process.argv.slice(2))) {
      const { major } = node;
      console.log(`\n== Node ${major}: ${checksum}`);
      const result = runTwiceIfNeeded(node, folder);
      total.pass += result.pass;
      total.fail += result.fail;
      total.skipped += result.skipped;
      total.unsteady.push(...result.unsteady.map((file) => `${file} on ${major}`));
      // On a machine of somebody's own, what needs Bun or Deno may be skipped; in CI nothing may.
      const skips = process.env.CI ? result.skipped : 0;
      ok = ok && result.isPassed && result.pass > 0 && result.fail === 0 && skips === 0;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (binaryChecksum() !== checksum) throw new Error('the binary changed while the suite ran on it');
  console.log(`\none binary for every major: ${checksum}`);
  if (total.unsteady.length > 0) console.log(`unsteady, passed alone: ${total.unsteady.join(', ')}`);
  console.log(`${total.pass} passed, ${total.fail} failed, ${total.skipped} skipped`);
  process.exitCode = ok ? 0 : 1;
}

main();
