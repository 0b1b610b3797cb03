'use strict';

const assert = require('node:assert/strict');
const { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, describe, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { pathToFileURL } = require('node:url');
const vm = require('node:vm');

const { gc, measure } = require('../index.js');
const memory = require('../lib/assert.js');
const { culprits } = require('../lib/matchers/culprits.js');
const { judge } = require('../lib/measure/judge.js');
const { native } = require('../lib/native.js');
const { ROOT, run, runFixture, lastJson } = require('./run.js');

/** Machines are noisy: a verdict may take its time here. */
const PATIENT = { maxMs: 20_000 };

describe('measure()', () => {
  test('a leak has its size, and where it lies', async () => {
    const kept = [];
    const heap = await measure(() => { kept.push(new Array(200).fill(0)); }, PATIENT);
    assert.equal(heap.verdict, 'leak', heap.reason);
    assert.ok(heap.retainedBytesPerCall > 1500 && heap.retainedBytesPerCall < 1800, String(heap.retainedBytesPerCall));
    assert.ok(heap.interval[0] <= heap.retainedBytesPerCall && heap.retainedBytesPerCall <= heap.interval[1]);
    assert.ok(heap.allocatedBytesPerCall > 1500 && heap.allocatedBytesPerCall < 3500, String(heap.allocatedBytesPerCall));
    assert.ok(heap.calls >= heap.warmupCalls + heap.rounds * heap.callsPerRound);

    const buffers = await measure(() => { kept.push(Buffer.alloc(20_000, 1)); }, PATIENT);
    assert.equal(buffers.verdict, 'leak', buffers.reason);
    assert.ok(buffers.externalBytesPerCall > 19_000 && buffers.externalBytesPerCall < 21_000, String(buffers.externalBytesPerCall));
    assert.ok(buffers.heapBytesPerCall < 1000, String(buffers.heapBytesPerCall));
  });

  test('garbage is no leak, and its collections are counted', async () => {
    const found = await measure(() => Array.from({ length: 20_000 }, (_, id) => ({ id })).length, PATIENT);
    assert.equal(found.verdict, 'clean', found.reason);
    assert.ok(found.allocatedBytesPerCall > 200_000, String(found.allocatedBytesPerCall));
    assert.ok(found.gc.count > 0 && found.gc.pause.max > 0);
    assert.ok(found.gcTimeRatio > 0 && found.gcTimeRatio <= 1);
  });

  test('what grows in leaps, each by a share of what it has, is not called clean', async () => {
    for (const maxMs of [500, 1000, 3000]) {
      const samples = [];
      const found = await measure(() => { for (let i = 0; i < 100; i += 1) samples.push(Math.random() * i); }, { maxMs });
      assert.notEqual(found.verdict, 'clean', found.reason);
    }
  });

  test('a first call that takes its time does not make the rounds small', async () => {
    let calls = 0;
    const found = await measure(() => sleep(calls++ === 0 ? 200 : 0), PATIENT);
    assert.equal(found.verdict, 'clean', found.reason);
    assert.ok(found.callsPerRound > 1, String(found.callsPerRound));
  });

  test('a cache that has filled after the measurement is not accused', async () => {
    const cache = new Map();
    let calls = 0;
    const fn = () => { cache.set(calls += 1, new Array(80).fill(calls)); if (cache.size > 4000) cache.delete(calls - 4000); };
    for (let call = 0; call < 3000; call += 1) fn();
    const found = { ...await measure(() => {}, PATIENT), verdict: /** @type {const} */ ('leak'), retainedBytesPerCall: 700, calls: 3000, totalMs: 300 };
    assert.equal(await culprits(fn, { toleranceBytes: 256, maxMs: 3000, concurrency: 1 }, found, 0), null);
  });

  test('a leak under a sawtooth does not pass for a cache that has filled', async () => {
    const kept = [];
    let batch = Array.from({ length: 690 }, (_, at) => new Array(240).fill(at));
    const fn = () => {
      kept.push(new Array(85).fill(kept.length));
      batch.push(new Array(240).fill(kept.length));
      if (batch.length >= 700) batch = [];
    };
    const found = { ...await measure(() => {}, PATIENT), verdict: /** @type {const} */ ('leak'), retainedBytesPerCall: 700, calls: 4300, totalMs: 300 };
    const lines = await culprits(fn, { toleranceBytes: 256, maxMs: 3000, concurrency: 1 }, found, 700 * 1936);
    assert.match(String(lines), /Array.*kept/);
  });

  test('code that is compiled anew with each call is not accused', async () => {
    let calls = 0;
    await memory.doesNotLeak(() => new Function('a', `return a.x + ${calls += 1} + (() => a.y)()`)({ x: 1, y: 2 }), PATIENT);
  });

  test('asynchronous functions, some at once, with something around each round', async () => {
    let [inFlight, most, setups, teardowns] = [0, 0, 0, 0];
    const found = await measure(async () => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await null;
      inFlight -= 1;
    }, { ...PATIENT, concurrency: 4, setup: async () => { setups += 1; }, teardown: () => { teardowns += 1; } });
    assert.equal(found.verdict, 'clean', found.reason);
    assert.equal(most, 4);
    assert.ok(setups > 8 && setups === teardowns);
  });

  test('as many calls are in flight as were asked for, also of a slow function', async () => {
    let [inFlight, most] = [0, 0];
    await measure(async () => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await sleep(20);
      inFlight -= 1;
    }, { maxMs: 1000, concurrency: 100 });
    assert.equal(most, 100);
  });

  test('what is around a round is not counted for the calls, and is torn down after a failure', async () => {
    let held = null;
    const [setup, teardown] = [() => { held = Array.from({ length: 200_000 }, (_, id) => ({ id })); }, () => { held = null; }];
    const found = await measure(() => sleep(1), { ...PATIENT, maxMs: 2000, setup, teardown });
    assert.ok(found.allocatedBytesPerCall < 20_000, String(found.allocatedBytesPerCall));
    await assert.rejects(measure(() => { throw new Error('out of stock'); }, { setup, teardown: () => { teardown(); throw new Error('a consequence'); } }), /out of stock/);
    assert.equal(held, null);
  });

  test('it leaves nothing behind itself: neither what it found nor a gc() for everybody', async () => {
    const refs = [];
    for (let time = 0; time < 3; time += 1) refs.push(new WeakRef(await measure(() => {}, { maxMs: 50 })));
    await sleep(1);
    gc();
    assert.deepEqual(refs.map((ref) => ref.deref()), [undefined, undefined, undefined]);
    if (!process.execArgv.includes('--expose-gc')) assert.equal(vm.runInNewContext('typeof gc'), 'undefined');
  });

  test('what the function throws is its own', async () => {
    const error = new Error('out of stock');
    await assert.rejects(measure(() => { throw error; }), (thrown) => thrown === error);
    await assert.rejects(measure(async () => { throw error; }), (thrown) => thrown === error);
  });

  test('after a failure no further calls are made', async () => {
    let calls = 0;
    const fails = measure(async () => { calls += 1; await sleep(1); if (calls > 100) throw new Error('enough'); }, { ...PATIENT, concurrency: 8 });
    await assert.rejects(fails, /enough/);
    const atOnce = calls;
    await sleep(50);
    assert.equal(calls, atOnce);
  });

  test('one inside the function under test is refused: it would wait for itself', async () => {
    await assert.rejects(measure(() => measure(() => {})), { code: 'HEAPWATCH_BUSY' });
    const within = async () => { await measure(() => {}); };
    await assert.rejects(measure(within), { code: 'HEAPWATCH_BUSY', message: /itself/ });
    await assert.rejects(measure(async () => { await null; await within(); }), { code: 'HEAPWATCH_BUSY', message: /itself/ });
    await assert.rejects(measure(async () => { await Promise.all([sleep(1).then(within)]); }, { concurrency: 2 }), { code: 'HEAPWATCH_BUSY', message: /itself/ });
    for (const around of ['setup', 'teardown']) await assert.rejects(measure(() => {}, { [around]: within }), { code: 'HEAPWATCH_BUSY', message: /itself/ });
    // No stack leads from a callback to who waits for it.
    const behindCallback = () => new Promise((resolve, reject) => { setTimeout(async () => { try { resolve(await within()); } catch (error) { reject(error); } }, 1); });
    await assert.rejects(measure(behindCallback, { maxMs: 1000 }), { code: 'HEAPWATCH_BUSY', message: /10 s so far/ });
    // One that merely begins meanwhile waits for its turn.
    const [first, second] = await Promise.all([measure(async () => { await null; }, PATIENT), sleep(20).then(() => measure(() => {}, PATIENT))]);
    assert.deepEqual([first.verdict, second.verdict], ['clean', 'clean']);
  });

  test('the signal ends it, and time does', async () => {
    await assert.rejects(measure(() => {}, { signal: AbortSignal.abort(new Error('enough')) }), /enough/);
    const controller = new AbortController();
    let calls = 0;
    await assert.rejects(measure(() => { if ((calls += 1) === 5) controller.abort(new Error('enough')); }, { ...PATIENT, signal: controller.signal }), /enough/);
    const found = await measure(() => new Promise((resolve) => { setTimeout(resolve, 40); }), { maxMs: 200 });
    assert.equal(found.verdict, 'inconclusive');
    assert.equal(found.reason, 'too few rounds');
    assert.equal(found.detectableBytesPerCall > 256, true);
  });

  test('the signal ends a call that hangs and the wait for a turn, and the next one is not held up', async () => {
    const never = () => new Promise(() => {});
    const [hangs, waits] = [new AbortController(), new AbortController()];
    const torn = [];
    const hanging = assert.rejects(measure(never, { signal: hangs.signal, teardown: () => torn.push('down') }), /enough/);
    const waiting = assert.rejects(measure(() => {}, { signal: waits.signal }), /no longer/);
    const next = measure(() => {}, PATIENT);
    await sleep(50);
    waits.abort(new Error('no longer'));
    await waiting;
    hangs.abort(new Error('enough'));
    await hanging;
    assert.deepEqual(torn, ['down']);
    assert.equal((await next).verdict, 'clean');
    const late = new AbortController();
    const setting = assert.rejects(measure(() => {}, { setup: never, signal: late.signal }), /too late/);
    await sleep(50);
    late.abort(new Error('too late'));
    await setting;
  });

  test('options that are none are refused by name', async () => {
    for (const [options, option] of /** @type {[any, string][]} */ ([
      [{ maxMs: 0 }, 'maxMs'], [{ maxMs: NaN }, 'maxMs'], [{ toleranceBytes: -1 }, 'toleranceBytes'], [{ concurrency: 1.5 }, 'concurrency'],
      [{ setup: 1 }, 'setup'], [{ signal: {} }, 'signal'], [{ rounds: 3 }, 'rounds'],
    ])) await assert.rejects(measure(() => {}, options), { code: 'HEAPWATCH_INVALID_OPTION', option });
    await assert.rejects(measure(/** @type {any} */ (1)), { code: 'HEAPWATCH_INVALID_OPTION', option: 'fn' });
  });

  test('without the native part it says why', async () => {
    const { code, why } = lastJson(await runFixture('measures.js', { env: { HEAPWATCH_DISABLE: '1' } }));
    assert.equal(code, 'HEAPWATCH_UNSUPPORTED');
    assert.match(why, /HEAPWATCH_DISABLE/);
  });
});

describe('the rule', () => {
  const { slope } = /** @type {any} */ (native().binding);
  /** @param {number} rounds @param {(round: number) => number} bytes @param {number} [calls] a round */
  const verdictOf = (rounds, bytes, calls = 100) => {
    const xs = Float64Array.from({ length: rounds + 1 }, (_, round) => round * calls);
    return judge(xs, xs.map((_, round) => bytes(round)), 256, slope).verdict;
  };

  test('a line above the tolerance is a leak, below it clean', () => {
    assert.equal(verdictOf(12, (round) => round * 100 * 1000), 'leak');
    assert.equal(verdictOf(12, (round) => round * 100 * 100), 'clean');
    assert.equal(verdictOf(6, (round) => round * 100 * 1000), 'open');
  });

  test('one leap is no slope, and leaps are not called clean', () => {
    assert.notEqual(verdictOf(24, (round) => (round > 12 ? 110_000 : 0) + (round % 3) * 100), 'leak');
    assert.equal(verdictOf(24, (round) => Math.floor(round / 11) * 4_000_000), 'open');
  });

  test('what levels off is no leak', () => {
    assert.equal(verdictOf(24, (round) => 4e6 * (1 - Math.exp(-round / 5))), 'levelling');
  });

  test('a sawtooth is judged by its valleys', () => {
    const tooth = (/** @type {number} */ round) => (round % 4) * 900_000;
    assert.equal(verdictOf(36, (round) => tooth(round)), 'clean');
    assert.equal(verdictOf(36, (round) => tooth(round) + round * 100 * 600), 'leak');
  });
});

describe('heapwatch/assert', () => {
  const kept = [];
  const leaky = () => { kept.push(new Array(200).fill(0)); };

  test('passes and fails', async () => {
    await memory.doesNotLeak(() => {}, PATIENT);
    await memory.leaks(leaky, PATIENT);
    await assert.rejects(memory.doesNotLeak(leaky, PATIENT), { code: 'ERR_ASSERTION', message: /leaky\(\) retains 1,[67]\d\d B per call[^]*per call {2}Array +allocated at __test__\/measure\.test\.js:\d+ +held by: kept/ });
    await assert.rejects(memory.retainsLessThan(leaky, 1000, PATIENT), /the limit is 1,000 B/);
    await memory.retainsLessThan(leaky, 5000, PATIENT);
    await assert.rejects(memory.allocatesLessThan(leaky, 100, PATIENT), /allocates [\d,]+ B per call/);
    const churn = () => Array.from({ length: 20_000 }, (_, id) => ({ id })).length;
    await memory.pausesLessThan(churn, 10_000, PATIENT);
    await assert.rejects(memory.pausesLessThan(churn, 1e-6, PATIENT), /churn\(\) paused for [\d.]+ ms at the longest \(\d+ collections?, .*the limit is/);
  });

  test('what nothing was seen of is not passed in silence', async () => {
    const slow = () => sleep(40);
    const strict = { maxMs: 50, strict: true };
    await assert.rejects(memory.allocatesLessThan(slow, 1, strict), /how much it allocates is not known: there was time for \d+ calls alone/);
    await assert.rejects(memory.pausesLessThan(slow, 1, strict), /how long it pauses is not known: its \d+ calls, of [\d,]+ B each, caused no collection/);
    const warned = new Promise((resolve) => { process.once('warning', resolve); });
    await memory.allocatesLessThan(slow, 1, { maxMs: 50 });
    assert.match(String(await warned), /is not known/);
  });

  test('a limit and a tolerance are one too many', async () => {
    await assert.rejects(memory.retainsLessThan(() => {}, 100, { toleranceBytes: 5000 }), { code: 'HEAPWATCH_INVALID_OPTION', option: 'toleranceBytes' });
  });

  test('two at once do not get into each other, not even while who leaks is looked for', async () => {
    const order = [];
    const note = (/** @type {string} */ name) => { if (order.at(-1) !== name) order.push(name); };
    const first = assert.rejects(memory.doesNotLeak(() => { note('leaky'); leaky(); }, PATIENT), /per call/);
    const second = memory.doesNotLeak(() => note('clean'), { ...PATIENT, strict: true });
    await Promise.all([first, second]);
    assert.deepEqual(order, ['leaky', 'clean']);
  });

  test('a signal that lives on holds nothing of an assertion that is over', async () => {
    const { getEventListeners } = require('node:events');
    const { signal } = new AbortController();
    await memory.doesNotLeak(() => {}, { ...PATIENT, signal });
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });

  test('one that the function under test makes itself is refused', async () => {
    await assert.rejects(memory.doesNotLeak(() => memory.doesNotLeak(() => {})), { code: 'HEAPWATCH_BUSY' });
  });

  test('instances that stay alive are counted', async () => {
    class Session {}
    const sessions = [];
    const keep = () => { sessions.push(new Session()); };
    await memory.keepsAliveOnly(() => new Session(), { classes: [Session] });
    await memory.keepsAliveOnly(keep, { classes: [[Session, 1]] });
    await assert.rejects(memory.keepsAliveOnly(keep, { classes: [Session] }), /after keep\(\) 1 Session more is alive \(at most 0 expected\)/);
    for (const options of /** @type {any[]} */ ([undefined, {}, { classes: [] }, { classes: [() => {}] }, { classes: [[Session, -1]] }, { classes: [Session], maxMs: 5 }])) {
      await assert.rejects(memory.keepsAliveOnly(keep, options), { code: 'HEAPWATCH_INVALID_OPTION' });
    }
  });

  describe('baselines', () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'heapwatch-baselines-'));
    after(() => rmSync(dir, { recursive: true }));
    const file = path.join(dir, 'some.test.js');
    const written = path.join(dir, '__memory__', 'some.test.js.json');
    const major = process.versions.node.split('.')[0];
    const updating = async (/** @type {() => Promise<unknown>} */ work) => {
      process.env.HEAPWATCH_UPDATE_BASELINES = '1';
      try { await work(); } finally { delete process.env.HEAPWATCH_UPDATE_BASELINES; }
    };

    test('what is retained is compared, for each name by itself, whatever the name', async () => {
      for (const name of ['order', '__proto__']) {
        await updating(() => memory.matchesMemoryBaseline(() => {}, name, { file: pathToFileURL(file).href, ...PATIENT }));
        await memory.matchesMemoryBaseline(() => {}, name, { file, ...PATIENT });
        await assert.rejects(memory.matchesMemoryBaseline(leaky, name, { file, ...PATIENT }), /retains 1,[5-7]\d\d B per call .* and did -?\d+ B .*update the baseline with HEAPWATCH_UPDATE_BASELINES=1/);
      }
      assert.deepEqual(Object.keys(JSON.parse(readFileSync(written, 'utf8'))).sort(), ['__proto__', 'order']);
      assert.deepEqual(readdirSync(path.dirname(written)), ['some.test.js.json']);
    });

    test('what cannot be told passes with a warning, and fails with strict', async () => {
      const slow = () => sleep(40);
      await updating(() => memory.matchesMemoryBaseline(() => {}, 'slow', { file, ...PATIENT }));
      await assert.rejects(memory.matchesMemoryBaseline(slow, 'slow', { file, maxMs: 50, strict: true }), /is not known.*the baseline is -?\d+ B/);
      await assert.rejects(updating(() => memory.matchesMemoryBaseline(slow, 'slow', { file, maxMs: 50 })), /no baseline was written/);
    });

    test('a file that is none is told, and stays', async () => {
      await assert.rejects(memory.matchesMemoryBaseline(() => {}, 'order'), { code: 'HEAPWATCH_INVALID_OPTION', message: /file/ });
      for (const text of ['{', 'null', '[]', `{ "order": { "${major}": { "retained": 1 } } }`]) {
        writeFileSync(written, text);
        await assert.rejects(memory.matchesMemoryBaseline(() => {}, 'order', { file, maxMs: 50 }), { code: 'HEAPWATCH_INVALID_OPTION' });
        assert.equal(readFileSync(written, 'utf8'), text);
      }
      rmSync(written);
      mkdirSync(written);
      await assert.rejects(updating(() => memory.matchesMemoryBaseline(() => {}, 'order', { file, ...PATIENT })), { code: 'EISDIR' });
      assert.deepEqual(readdirSync(path.dirname(written)), ['some.test.js.json']);
    });
  });

  test('a message has colour on a terminal alone', async () => {
    const { inspect } = require('node:util');
    const found = { retainedBytesPerCall: 1000, interval: [900, 1100], rounds: 8, callsPerRound: 10, reason: 'not levelling off' };
    const headlineOn = (/** @type {boolean} */ isTerminal, env = {}) => run(process.execPath, ['-e', `
      process.stdout.isTTY = process.stderr.isTTY = ${isTerminal};
      console.log(JSON.stringify(require('./lib/matchers/message.js').headline(() => {}, ${inspect(found)})));
    `], { NO_COLOR: '', TERM: 'xterm', ...env }, { cwd: ROOT });
    const [piped, shown, unwanted] = await Promise.all([headlineOn(false), headlineOn(true), headlineOn(true, { NO_COLOR: '1' })]);
    assert.match(piped.stdout, /^"the function retains 1,000 B per call \(99 % interval 900–1,100; /);
    assert.match(shown.stdout, /^"\\u001b\[1mthe function retains 1,000 B per call\\u001b\[22m /);
    assert.equal(unwanted.stdout, piped.stdout);
  });

  test('inconclusive passes with a warning, and fails with strict', async () => {
    const slow = () => new Promise((resolve) => { setTimeout(resolve, 30); });
    const warned = new Promise((resolve) => { process.once('warning', resolve); });
    await memory.doesNotLeak(slow, { maxMs: 100 });
    assert.match(String(await warned), /whether it leaks is not known.*It would take some [\d,]+ calls/);
    await assert.rejects(memory.doesNotLeak(slow, { maxMs: 100, strict: true }), /is not known/);
  });

  test('one that nobody awaits fails the process', async () => {
    const { code, stderr } = await runFixture('forgets-to-await.js');
    assert.equal(code, 1, stderr);
    assert.match(stderr, /doesNotLeak had not finished/);
  });
});
