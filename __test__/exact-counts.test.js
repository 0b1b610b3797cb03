'use strict';

const assert = require('node:assert/strict');
const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { lastJson, runFixture } = require('./run.js');

/** V8's own record: `[pid:0x…] 123 ms: Scavenge 5.0 (6.1) -> 4.9 (7.1) MB, 0.71 / 0.00 ms  (…`; the number before the slash is the pause. */
const TRACE = /\] +\d+ ms: (?:Incremental )?(Scavenge|Minor Mark-Sweep|Mark-Compact)\b.*? MB, (?:pooled: [\d.]+ MB, )?([\d.]+) \/ [\d.]+ ms/g;

/** @param {string} stdout */
function traced(stdout) {
  return [...stdout.matchAll(TRACE)].map(([, name, ms]) => [name === 'Mark-Compact' ? 'major' : 'minor', Number(ms)]);
}

/**
 * V8 prints a GC's line inside the pause that we measure. Into a file that takes microseconds; into a pipe whose reader
 * wakes up for it, a tenth of a millisecond and more.
 *
 * @param {string[]} args
 */
async function runTraced(args) {
  const folder = mkdtempSync(path.join(tmpdir(), 'heapwatch-trace-'));
  try {
    const file = path.join(folder, 'trace.txt');
    const result = await runFixture('exact-counts.js', { node: ['--max-semi-space-size=1'], args, stdoutFile: file });
    return { ...result, stdout: readFileSync(file, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const [title, args] of [['a loop that yields', []], ['a loop that is blocked', ['--blocked']]]) {
  test(`counts and pauses equal --trace-gc's in ${title}`, async () => {
    const result = await runTraced(args);
    const counted = lastJson(result);
    const trace = traced(result.stdout);
    const of = (kind) => trace.filter(([name]) => name === kind).length;

    assert.equal(counted.source, 'native');
    assert.equal(counted.dropped, 0);
    assert.ok(of('minor') > 100 && of('major') >= 30, `too few GCs to judge: ${of('minor')} minor, ${of('major')} major`);
    assert.equal(counted.minor, of('minor'));
    assert.equal(counted.major, of('major'));

    // Other test files run beside this one and may push in between the two readings of a clock: a tenth may be off here.
    // The bench exact-counts holds heapwatch to one in a hundred, alone.
    const apart = ['minor', 'major'].flatMap((kind) => {
      const ours = counted.pausesMs.filter(([name]) => name === kind);
      return trace.filter(([name]) => name === kind).filter(([, ms], index) => Math.abs(ours[index][1] - ms) > Math.max(0.1, 0.05 * ms));
    });
    assert.ok(apart.length <= trace.length / 10, `${apart.length} of ${trace.length} pauses are not those of the trace`);
  });
}

for (const [title, args] of [['yields', []], ['is blocked', ['--blocked']]]) {
  test(`under prom-client's names every GC of a loop that ${title} is counted, where prom-client itself is short`, async (t) => {
    const result = await runTraced([...args, '--prom-client']);
    const { dropIn, promClient, dropped } = lastJson(result);
    const trace = traced(result.stdout);
    const counts = { minor: trace.filter(([name]) => name === 'minor').length, major: trace.filter(([name]) => name === 'major').length };
    t.diagnostic(`--trace-gc ${JSON.stringify(counts)}, heapwatch as prom-client ${JSON.stringify(dropIn)}, prom-client ${JSON.stringify(promClient)}`);
    assert.equal(dropped, 0);
    assert.ok(counts.minor > 100 && counts.major >= 30);
    assert.deepEqual(dropIn, counts);
    assert.ok(promClient.minor + promClient.major < (counts.minor + counts.major) / 2, 'else this set would not be needed');
  });
}
