'use strict';

const assert = require('node:assert/strict');
const { afterEach, beforeEach, describe, test } = require('node:test');

const heapwatch = require('heapwatch');
const client = require('prom-client');

const { runFixture, lastJson } = require('./run.js');

/** name{labels} → value @param {string} text */
const samples = (text) => new Map(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
  const at = line.lastIndexOf(' ');
  return [line.slice(0, at), Number(line.slice(at + 1))];
}));

describe('metrics()', () => {
  let watcher;
  beforeEach(() => { watcher = heapwatch.start(); });
  afterEach(() => watcher.stop());

  test('says what the report says, in seconds and bytes', () => {
    for (let i = 0; i < 3; i += 1) heapwatch.gc();
    const found = samples(heapwatch.metrics());
    const { gc, heapLimit, rss } = watcher.report();
    assert.equal(found.get('heapwatch_gc_pause_seconds_count{kind="major",thread="0"}'), gc.major.count);
    assert.ok(gc.major.count >= 3);
    assert.ok(Math.abs(found.get('heapwatch_gc_pause_seconds_sum{kind="major",thread="0"}') * 1000 - gc.major.totalMs) < 0.01);
    assert.equal(found.get('heapwatch_gc_pause_seconds_bucket{kind="major",thread="0",le="+Inf"}'), gc.major.count);
    assert.equal(found.get('heapwatch_gc_freed_bytes_total{kind="major",thread="0"}'), gc.major.freedBytes);
    assert.equal(found.get('heapwatch_heap_limit_bytes{thread="0"}'), heapLimit);
    assert.ok(Math.abs(found.get('heapwatch_rss_bytes') - rss) < 64 * 1024 * 1024);
    assert.ok(found.get('heapwatch_heap_space_used_bytes{space="old",thread="0"}') > 0);
    assert.equal(found.get('heapwatch_growth_verdict{verdict="inconclusive",thread="0"}'), 1);
    assert.equal(found.get('heapwatch_growth_verdict{verdict="leak",thread="0"}'), 0);
    assert.equal(found.get('heapwatch_dropped_events_total{thread="0"}'), 0);
  });

  test('counts pauses by bound exactly', () => {
    for (let i = 0; i < 5; i += 1) heapwatch.gc();
    const pauses = watcher.pauses().filter(({ kind }) => kind === 'major').map(({ pauseMs }) => pauseMs);
    const found = samples(heapwatch.metrics());
    for (const bound of [0.0001, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1, 10]) {
      const within = pauses.filter((pauseMs) => pauseMs <= bound * 1000).length;
      assert.equal(found.get(`heapwatch_gc_pause_seconds_bucket{kind="major",thread="0",le="${bound}"}`), within, `${bound} s of ${pauses} ms`);
    }
  });

  test('goes on when a reader begins anew: counters never go back', () => {
    heapwatch.gc();
    const name = 'heapwatch_gc_pause_seconds_count{kind="major",thread="0"}';
    const before = samples(heapwatch.metrics()).get(name);
    heapwatch.reset();
    assert.equal(watcher.report().gc.major.count, 0);
    assert.equal(samples(heapwatch.metrics()).get(name), before);
  });

  test('is OpenMetrics on request', () => {
    const text = heapwatch.metrics({ format: 'openmetrics' });
    assert.match(text, /^# TYPE heapwatch_gc_freed_bytes counter\n# UNIT heapwatch_gc_freed_bytes bytes$/m);
    assert.match(text, /le="1\.0"/);
    assert.ok(text.endsWith('\n# EOF\n'));
  });

  test('puts prefix and labels everywhere, escaped', () => {
    const text = heapwatch.metrics({ prefix: 'shop_', labels: { pod: 'a"b\\c\nd', zone: 3 } });
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    for (const line of lines) assert.match(line, /^shop_heapwatch_\w+\{.*pod="a\\"b\\\\c\\nd",zone="3"\} [\d.e+-]+$/);
  });

  test("has prom-client's names, where that has them, with prom-client's labels", async () => {
    const registry = new client.Registry();
    client.collectDefaultMetrics({ register: registry });
    heapwatch.gc();
    const theirs = await registry.metrics();
    const ours = heapwatch.metrics({ names: 'prom-client' });
    /** @param {string} text */
    const header = (text) => text.split('\n').filter((line) => /^# (HELP|TYPE) (nodejs_(heap|external|gc)|process_resident)/.test(line)).sort();
    assert.deepEqual(header(ours), header(theirs));
    const keys = [...samples(ours).keys()];
    for (const key of samples(theirs).keys()) {
      if (/^(nodejs_(heap|external)|process_resident)/.test(key)) assert.ok(keys.includes(key), key);
    }
    for (const kind of ['major', 'minor', 'incremental', 'weakcb']) {
      for (const le of ['0.001', '0.01', '0.1', '1', '2', '5', '+Inf']) assert.ok(keys.includes(`nodejs_gc_duration_seconds_bucket{kind="${kind}",le="${le}"}`), `${kind} ${le}`);
    }
  });

  test('names what it cannot use', () => {
    for (const [option, value] of [
      ['format', 'json'], ['names', 'otel'], ['prefix', '1x'], ['prefix', 'a b'], ['labels', []], ['labels.le', 'x', { le: 'x' }],
      ['labels.a-b', 'x', { 'a-b': 'x' }], ['labels.pod', null, { pod: null }], ['colour', 'red'],
    ].map(([name, wrong, labels]) => [name, labels ? { labels } : { [name]: wrong }])) {
      assert.throws(() => heapwatch.metrics(value), { code: 'HEAPWATCH_INVALID_OPTION', option });
    }
  });

  test('needs a watcher that runs', () => {
    watcher.stop();
    assert.throws(() => heapwatch.metrics(), { code: 'HEAPWATCH_NOT_RUNNING' });
    assert.throws(() => watcher.metrics(), { code: 'HEAPWATCH_NOT_RUNNING' });
    watcher = heapwatch.start();
  });
});

for (const name of ['prom-client', '@prometheus-io/client']) {
  describe(`instrumentPrometheus() with ${name}`, () => {
    const client = require(name);
    let watcher;
    beforeEach(() => { watcher = heapwatch.start(); });
    afterEach(() => watcher.stop());

    test('gives the registry what metrics() says', async () => {
      const registry = new client.Registry();
      const subscription = heapwatch.instrumentPrometheus(registry);
      heapwatch.gc();
      const theirs = await registry.metrics();
      const ours = heapwatch.metrics();
      /** @param {string} text */
      const types = (text) => text.split('\n').filter((line) => line.startsWith('# ')).sort();
      assert.deepEqual(types(theirs), types(ours));
      const count = [...samples(theirs)].find(([name]) => name.startsWith('heapwatch_gc_pause_seconds_count') && name.includes('kind="major"'));
      assert.equal(count[1], watcher.report().gc.major.count);
      subscription.dispose();
      assert.equal((await registry.metrics()).trim(), '');
    });

    test('asks once a scrape, and anew at the next', async () => {
      const registry = new client.Registry();
      heapwatch.instrumentPrometheus(registry);
      const major = async () => Number(/heapwatch_gc_pause_seconds_count\{kind="major",thread="0"\} (\d+)/.exec(await registry.metrics())[1]);
      const before = await major();
      heapwatch.gc();
      assert.ok(watcher.report().gc.major.count > before);
      assert.equal(await major(), watcher.report().gc.major.count);
    });

    test('registers all or nothing', async () => {
      const registry = new client.Registry();
      const taken = new client.Gauge({ name: 'heapwatch_rss_bytes', help: 'taken', registers: [registry] });
      assert.throws(() => heapwatch.instrumentPrometheus(registry), /heapwatch_rss_bytes/);
      assert.deepEqual(registry.getMetricsAsArray(), [taken]);
    });

    test("takes over what the client's default metrics count, on request, and leaves the others", async () => {
      const registry = new client.Registry();
      client.collectDefaultMetrics({ register: registry });
      const before = registry.getMetricsAsArray().map((metric) => metric.name).sort();
      assert.throws(() => heapwatch.instrumentPrometheus(registry, { names: 'prom-client' }));
      assert.deepEqual(registry.getMetricsAsArray().map((metric) => metric.name).sort(), before);
      heapwatch.instrumentPrometheus(registry, { names: 'prom-client', replace: true });
      assert.deepEqual(registry.getMetricsAsArray().map((metric) => metric.name).sort(), before);
      heapwatch.gc();
      const count = /nodejs_gc_duration_seconds_count\{kind="major"\} (\d+)/.exec(await registry.metrics());
      assert.equal(Number(count[1]), watcher.report().gc.major.count);
    });

    test('is added up over a cluster', async () => {
      const { workers, cluster } = lastJson(await runFixture('metrics-cluster.js', { args: [name] }));
      assert.equal(workers.length, 2);
      assert.equal(cluster.majors, workers[0].majors + workers[1].majors, JSON.stringify({ workers, cluster }));
      assert.ok(workers.every(({ majors }) => majors >= 2));
      assert.equal(cluster.limit, workers[0].limit + workers[1].limit, 'sizes are added up');
      assert.ok(cluster.ratio < 1.5 * Math.max(...workers.map(({ ratio }) => ratio)), 'ratios are not');
    });

    test('wants a registry', () => {
      for (const wrong of [undefined, null, {}, 'register']) {
        assert.throws(() => heapwatch.instrumentPrometheus(wrong), { code: 'HEAPWATCH_INVALID_OPTION', option: 'registry' });
      }
    });
  });
}
