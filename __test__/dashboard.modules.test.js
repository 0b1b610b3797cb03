'use strict';

// What the page is made of, without a browser.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { createInterface } = require('node:readline');
const { pathToFileURL } = require('node:url');
const { test } = require('node:test');

const { packColumn } = require('../lib/dashboard/pack.js');
const { ask } = require('./dashboard-servers.js');

const load = (name) => import(pathToFileURL(path.join(__dirname, '..', 'lib', 'dashboard', 'page', `${name}.mjs`)).href);

test('columns come back as they were, as exactly as a chart can show, with their gaps', async () => {
  const { unpackColumn } = await load('data');
  for (const values of [[], [null], [0], [5], [0, 0, 0], [1, 2, 3, null, 1e12], [null, 7, null], [-5, 5], Array.from({ length: 500 }, (_, i) => Math.sin(i) * 1e9)]) {
    for (const width of [2, 3, 4]) {
      for (const fromZero of [true, false]) {
        const column = packColumn(values, { width, fromZero });
        assert.equal(column.text.length, values.length * width);
        const back = unpackColumn(JSON.parse(JSON.stringify(column)));
        const step = (column.max - column.min) / (64 ** width - 2);
        assert.equal(back.length, values.length);
        for (const [i, value] of values.entries()) {
          if (value === null) assert.equal(back[i], null);
          else assert.ok(Math.abs(back[i] - value) <= step / 2 + 1e-6, `${value} became ${back[i]}`);
        }
      }
    }
  }
});

test('a range takes what the stream tells: newest sizes, sums and the longest pause, and forgets the rest', async () => {
  const { Range } = await load('data');
  const empty = packColumn([]);
  const columns = Object.fromEntries(['timeMs', 'rss', 'heapUsed', 'youngUsed', 'oldSpaceUsed', 'largeSpacesUsed', 'external', 'heapAfterLastMajorGc', 'gcMs', 'allocatedBytes', 'maxPauseMs'].map((name) => [name, empty]));
  const range = new Range({ intervalMs: 10_000, spanMs: 60_000, columns });
  const add = (timeMs, rss, gcMs, maxPauseMs) => range.add({ timeMs, rss, heapUsed: 1, youngUsed: 1, oldSpaceUsed: 0, largeSpacesUsed: 0, external: 1, heapAfterLastMajorGc: null, gcMs, allocatedBytes: 10, maxPauseMs });
  for (let second = 1; second <= 20; second += 1) add(second * 1000, second, 2, second === 5 ? 50 : 1);
  assert.deepEqual(range.points.map(({ timeMs, rss, gcMs, maxPauseMs, allocatedBytes }) => [timeMs, rss, gcMs, maxPauseMs, allocatedBytes]), [[10_000, 10, 20, 50, 100], [20_000, 20, 20, 1, 100]]);
  assert.equal(range.lengthOf(range.points[1]), 10_000);
  add(15_000, 99, 99, 99); // late: of a time that is over
  assert.equal(range.points.length, 2);
  add(75_000, 75, 1, 1);
  assert.deepEqual(range.points.map(({ timeMs }) => timeMs), [20_000, 75_000]);
});

test('spans of time are said as one says them', async () => {
  const { span, spans } = await load('format');
  const said = [[400, '1 s'], [45_000, '45 s'], [120_000, '2 min'], [5_940_000, '99 min'], [12_000_000, '3 h 20 min'], [14_400_000, '4 h'], [180_000_000, '2 d 2 h'], [172_800_000, '2 d']];
  for (const [ms, words] of said) assert.equal(span(ms), words);
  assert.equal(spans(180_000, 300_000), '3 to 5 min');
  assert.equal(spans(50_000, 300_000), '50 s to 5 min');
  assert.equal(spans(60_000, 61_000), '60 to 61 s');
  assert.equal(spans(180_000, 181_000), '3 min');
});

const MB = 1024 ** 2;
const state = (more) => ({
  watching: true, nowMs: new Date(2026, 5, 1, 12, 0).getTime(), uptimeMs: 4e6, memoryLimit: 512 * MB, containerLimit: null, degraded: null, health: { status: 'ok', reason: '' },
  growth: { verdict: 'inconclusive', reason: 'there were two major GCs', place: null, bytesPerSecond: 0, sinceMs: null, limitInMs: null }, ...more,
});

test('the verdict is a sentence, with what follows from it', async () => {
  const { verdict } = await load('words');
  const leak = (limitInMs) => ({ verdict: 'leak', reason: 'it grew', place: 'external', bytesPerSecond: 2 * MB, sinceMs: new Date(2026, 5, 1, 9, 30).getTime(), limitInMs });
  const rows = [
    [state({}), 'open', 'No verdict yet.', 'There were two major GCs.'],
    [state({ uptimeMs: 1000 }), 'open', 'Too early to tell.', 'There were two major GCs.'],
    [state({ growth: { verdict: 'clean', reason: 'nothing grew' } }), 'good', 'No leak.', 'Nothing grew.'],
    [state({ growth: leak({ earliest: 600_000, latest: 900_000 }) }), 'leak', 'Leaking 2.0 MB/s in Buffers and ArrayBuffers since 09:30.', 'The V8 limit of 512 MB will be hit in 10 to 15 min, between 12:10 and 12:15.'],
    [state({ containerLimit: 512 * MB, growth: leak({ earliest: 600_000, latest: null }) }), 'leak', 'Leaking 2.0 MB/s in Buffers and ArrayBuffers since 09:30.', 'The container’s limit of 512 MB will be hit in 10 min at the earliest, at 12:10.'],
    [state({ growth: leak(null) }), 'leak', 'Leaking 2.0 MB/s in Buffers and ArrayBuffers since 09:30.', 'The V8 limit of 512 MB is not in sight at this rate.'],
    [state({ health: { status: 'failing', reason: 'garbage collection took 60 % of the last 10 s' } }), 'leak', 'Garbage collection takes all the time.', 'Garbage collection took 60 % of the last 10 s.'],
    [{ watching: false }, 'open', 'Nobody is watching.', 'No watcher is running in this thread: call heapwatch.start(), first thing in the program.'],
  ];
  for (const [given, tone, title, detail] of rows) assert.deepEqual([verdict(given).tone, verdict(given).title, verdict(given).details[0]], [tone, title, detail]);
  assert.ok(verdict(state({ degraded: 'no binary.' })).details.includes('Degraded mode: no binary.'));
});

test('examples/dashboard asks for the password, and for a token beside it', async () => {
  const child = spawn(process.execPath, [path.join(__dirname, '..', 'examples', 'dashboard', 'app.js')], { env: { ...process.env, PORT: '0', OPERATOR_PASSWORD: 'secret' }, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    const page = `${/http:\S+/.exec(line)[0]}/debug/heap`;
    const authorization = `Basic ${Buffer.from('operator:secret').toString('base64')}`;
    assert.equal((await ask(page)).status, 401);
    assert.equal((await ask(page, { headers: { authorization: `${authorization}x` } })).status, 401);
    assert.equal((await ask(page, { headers: { authorization } })).status, 200);
    assert.equal((await ask(`${page}/gc`, { method: 'POST', headers: { authorization } })).status, 403);
    const { body: { token } } = await ask(`${page}/state`, { headers: { authorization } });
    assert.equal((await ask(`${page}/gc`, { method: 'POST', headers: { authorization, 'x-heapwatch-token': token } })).status, 200);
  } finally {
    child.kill('SIGKILL');
  }
});
