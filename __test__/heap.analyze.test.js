'use strict';

const assert = require('node:assert/strict');
const { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { after, before, describe, test } = require('node:test');
const { pathToFileURL } = require('node:url');

const heapwatch = require('../index.js');
const { page } = require('../lib/heap/html.js');
const { children } = require('./children.js');
const { ROOT, run, runFixture } = require('./run.js');

const { analyze } = heapwatch;
const BIN = path.join(ROOT, 'bin', 'heapwatch.js');
const cli = (...args) => run(process.execPath, [BIN, ...args]);

describe('heap snapshots', () => {
  let folder = '';
  let file = '';
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'heapwatch-heap-'));
    file = path.join(folder, 'a.heapsnapshot');
    const { code, stderr } = await runFixture('heap-contents.js', { args: [file] });
    assert.equal(code, 0, stderr);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('analyze tells classes, collections, strings, functions, listeners and timers', async () => {
    const summary = await heapwatch.analyze(file);
    assert.ok(summary.totals.total > 1e6 && summary.nodes > 1000);
    assert.equal(summary.classes.find(({ name }) => name === 'Invoice')?.count, 300);
    const map = summary.collections.find(({ kind, holder }) => kind === 'Map' && holder.startsWith('invoices (module variable in heap-contents.js)'));
    assert.ok(map && map.entries === 300, JSON.stringify(summary.collections.slice(0, 3)));
    assert.ok(summary.duplicateStrings.top.some(({ text, count }) => text.startsWith('a copy of this string') && count >= 200));
    assert.ok(summary.closures.some(({ name, count, script }) => name === 'onPaid' && count === 40 && script.endsWith('heap-contents.js')));
    assert.deepEqual(summary.emitters.map(({ event, listeners }) => [event, listeners]), [['paid', 40]]);
    assert.match(summary.emitters[0].holder, /^shop \(module variable/);
    assert.ok(summary.timers.callbacks.some((timer) => /remind\(\) in heap-contents\.js:\d+/.test(timer.function) && timer.count === 7));
    assert.ok(summary.biggest.some(({ holder }) => holder.startsWith('invoices')));
    assert.ok(summary.tree.children.length > 0 && summary.tree.retained >= summary.tree.children[0].retained);
    assert.deepEqual(JSON.parse(JSON.stringify(summary)).classes, summary.classes);
    for (const line of String(summary).split('\n')) assert.ok(line.length <= 100, line);
  });

  test('a function may stand before the first column of its script', async () => {
    const written = readFileSync(file, 'utf8').match(/"locations":\[[^\]]*\]/)?.[0];
    // Node 20 and 22 leave the offset out.
    assert.equal(/,-\d/.test(String(written)), Number(process.versions.node.split('.')[0]) >= 24);
    assert.ok((await heapwatch.analyze(file)).nodes > 1000);
  });

  test('takes a URL, and a limit', async () => {
    const { classes, classCount } = await heapwatch.analyze(pathToFileURL(file), { limit: 5 });
    assert.equal(classes.length, 5);
    assert.ok(classCount > 5);
  });

  test('works where watching is switched off', async () => {
    const { code, stdout } = await run(process.execPath, ['-e', `require('./').analyze(${JSON.stringify(file)}).then(({ nodes }) => console.log(nodes > 0))`], { HEAPWATCH_DISABLE: '1' });
    assert.deepEqual([code, stdout], [0, 'true\n']);
  });

  test('a signal ends it with the reason of the signal', async () => {
    await assert.rejects(heapwatch.analyze(file, { signal: AbortSignal.abort(new Error('early')) }), /early/);
    const controller = new AbortController();
    const pending = heapwatch.analyze(file, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await assert.rejects(pending, /enough/);
  });

  test('a file that cannot be read is a typed error that says where and what to do', async () => {
    const cut = path.join(folder, 'cut.heapsnapshot');
    writeFileSync(cut, readFileSync(file));
    truncateSync(cut, 100_000);
    await assert.rejects(heapwatch.analyze(cut), (error) => {
      assert.deepEqual([error.name, error.code], ['HeapwatchError', 'HEAPWATCH_CORRUPT_SNAPSHOT']);
      assert.ok(error.offset > 0 && error.offset <= 100_000);
      return error.hint.includes('take the snapshot again');
    });
    await assert.rejects(heapwatch.analyze(folder), { code: 'HEAPWATCH_NOT_A_SNAPSHOT' });
    await assert.rejects(heapwatch.analyze(path.join(folder, 'none')), { code: 'HEAPWATCH_IO' });
    await assert.rejects(heapwatch.analyze(''), { code: 'HEAPWATCH_INVALID_OPTION' });
    await assert.rejects(heapwatch.analyze(file, { limit: 0 }), { code: 'HEAPWATCH_INVALID_OPTION', option: 'limit' });
    await assert.rejects(heapwatch.diff(file), { code: 'HEAPWATCH_INVALID_OPTION' });
    await assert.rejects(heapwatch.diff(file, file, { onProgress: 1 }), { code: 'HEAPWATCH_INVALID_OPTION', option: 'onProgress' });
  });

  test("'live' sums up the heap as it is, and writes no file", { skip: process.platform !== 'linux' }, async () => {
    class Reservation { constructor(seat) { this.seat = seat; this.note = `reservation ${seat}`; } }
    const reservations = Array.from({ length: 3210 }, (_, seat) => new Reservation(seat));
    const before = process.memoryUsage.rss();
    const told = [];
    const live = await analyze('live', { limit: 500, onProgress: (progress) => told.push(progress) });
    assert.equal(live.file, 'live');
    assert.equal(live.classes.find(({ name }) => name === 'Reservation').count, reservations.length);
    assert.ok(live.pauseMs > 0 && live.pauseMs < live.totalMs);
    assert.ok(told.length > 0 && told.every(({ phase, ratio }) => phase === 'reading' && ratio >= 0 && ratio < 1));
    assert.ok(process.memoryUsage.rss() - before < 60e6, 'the summary alone comes back');
    await assert.rejects(analyze('live', { signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' });
    await assert.rejects(analyze('live', { timeoutMs: 30 }), { code: 'HEAPWATCH_SNAPSHOT_FAILED', reason: 'timeout' });
    await assert.rejects(analyze('live', { headroom: '900GB' }), { code: 'HEAPWATCH_NO_HEADROOM', message: /needs about 921600 MB/ });
    await assert.rejects(analyze('live', { redact: 'copy' }), { code: 'HEAPWATCH_INVALID_OPTION', option: 'redact' });
    assert.deepEqual(children(), []);
  });

  test('a redacted copy can be read, and nothing secret is in it', async () => {
    const copy = path.join(folder, 'a.redacted.heapsnapshot');
    const original = await heapwatch.analyze(file);
    assert.equal((await heapwatch.analyze(file, { redact: true })).file, copy);
    assert.equal(statSync(copy).mode & 0o777, 0o600);
    const text = readFileSync(copy, 'utf8');
    assert.match(readFileSync(file, 'utf8'), /hunter2/);
    assert.doesNotMatch(text, /hunter2/);
    JSON.parse(text);
    const redacted = await heapwatch.analyze(copy);
    assert.deepEqual([redacted.nodes, redacted.edges, redacted.totals.strings], [original.nodes, original.edges, original.totals.strings]);
    assert.equal(redacted.classes.find(({ name }) => name === 'Invoice')?.count, 300);
    const made = ({ closures }) => closures.find(({ name }) => name === 'fromScript')?.script ?? '';
    assert.match(made(original), /^\/.*generated-\d+\.js$/);
    assert.equal(made(redacted), made(original));
    await assert.rejects(heapwatch.analyze(file, { redact: copy }), { code: 'HEAPWATCH_IO' });
  });

  test('heapwatch inspect prints tables, JSON or a page', async () => {
    const told = await cli('inspect', file);
    assert.equal(told.code, 0, told.stderr);
    assert.match(told.stdout, /^Classes$/m);
    // eslint-disable-next-line no-control-regex -- no colour
    assert.doesNotMatch(told.stdout, /\u001b/);
    assert.equal(told.stderr, '');
    const json = await cli('inspect', '--json', '--limit', '3', file);
    assert.equal(JSON.parse(json.stdout).classes.length, 3);
    const html = path.join(folder, 'a.html');
    const written = await cli('inspect', '--html', html, file);
    assert.deepEqual([written.code, written.stdout], [0, ''], written.stderr);
    assert.match(readFileSync(html, 'utf8'), /^<!doctype html>/);
  });

  test('heapwatch diff exits with 0 when nothing grew, inspect with 2 when it cannot read', async () => {
    const same = await cli('diff', file, file);
    assert.deepEqual([same.code, /Nothing grew/.test(same.stdout)], [0, true], same.stderr);
    const wrong = await cli('inspect', __filename);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /^heapwatch inspect: not a heap snapshot|corrupt/);
    assert.equal((await cli('diff', file)).code, 2);
    assert.equal((await cli('inspect', file, file)).code, 2);
  });

  test('a page holds hostile names as data', () => {
    const hostile = '</script><script>alert(1)</script><!--\u2028$&';
    const text = page({ files: [hostile], findings: [], classes: [] });
    assert.equal(text.match(/<script/g)?.length, 2);
    const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(text)?.[1] ?? '';
    assert.equal(JSON.parse(data).files[0], hostile);
  });

  test('the event loop is never blocked by more than 5 ms while 200 MB are analysed', { skip: process.platform !== 'linux' }, async () => {
    const big = path.join(folder, 'big.heapsnapshot');
    const { code, stderr } = await runFixture('heap-contents.js', { args: [big, '1100000'] });
    assert.equal(code, 0, stderr);
    assert.ok(statSync(big).size > 200e6, `${statSync(big).size}`);
    const progress = [];
    // What stops the loop is what its thread does, or that others have the CPU. Of the former, the most between two turns:
    const ownMs = () => Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
    const rounds = [];
    while (rounds.length < 4 && !rounds.some(({ stoppedMs, mostMs }) => stoppedMs <= 5 || mostMs <= 5)) {
      let [last, mostMs] = [ownMs(), 0];
      const turns = setInterval(() => {
        const now = ownMs();
        mostMs = Math.max(mostMs, now - last);
        last = now;
      }, 1);
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      await analyze(big, { onProgress: (state) => progress.push(state) });
      delay.disable();
      clearInterval(turns);
      rounds.push({ stoppedMs: delay.max / 1e6 - 1, mostMs });
    }
    // A collection of this process's own may fall into one of them; what the analysis does would be in all.
    assert.ok(rounds.some(({ stoppedMs, mostMs }) => stoppedMs <= 5 || mostMs <= 5), JSON.stringify(rounds));
    assert.ok(progress.length > 0 && progress.every(({ ratio }) => ratio >= 0 && ratio < 1));
    rmSync(big);
  });
});
