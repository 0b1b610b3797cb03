'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { afterEach, beforeEach, describe, test } = require('node:test');

const { OTLPMetricExporter: JsonExporter } = require('@opentelemetry/exporter-metrics-otlp-http');
const { OTLPMetricExporter: ProtobufExporter } = require('@opentelemetry/exporter-metrics-otlp-proto');
const { AggregationTemporality, AggregationType, MeterProvider, MetricReader, PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
const heapwatch = require('heapwatch');

const { FAMILIES, LEFT_OUT } = require('../lib/exporters/open-telemetry-names.js');
const { freePort } = require('./free-port.js');
const { makeGarbage, turn, until } = require('./garbage.js');
const { attributesOf, otlpReceiver } = require('./otlp-receiver.js');
const { lastJson, runFixture } = require('./run.js');

/** Collects when it is told to. */
class Reader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}

  /** name → metric */
  async metrics() {
    const { resourceMetrics, errors } = await this.collect();
    assert.deepEqual(errors, []);
    return new Map(resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics).map((metric) => [metric.descriptor.name, metric]));
  }
}

/** What the ledger holds, by OpenTelemetry's types. @param {heapwatch.Pause[]} pauses */
function byType(pauses) {
  /** @type {Record<string, { count: number, sum: number }>} */
  const types = {};
  for (const { kind, pauseMs } of pauses) {
    const type = types[kind === 'weak' ? 'weakcb' : kind] ??= { count: 0, sum: 0 };
    type.count += 1;
    type.sum += pauseMs / 1000;
  }
  return types;
}

/** @param {Record<string, { count: number, sum: number }>} found @param {Record<string, { count: number, sum: number }>} expected */
function assertSameGcs(found, expected) {
  assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
  for (const [type, { count, sum }] of Object.entries(expected)) {
    assert.equal(found[type].count, count, type);
    assert.ok(Math.abs(found[type].sum - sum) < 1e-9, `${type}: ${found[type].sum} s of ${sum} s`);
  }
}

/**
 * As many pauses as were recorded, oldest first: whoever reads them afterwards finds those that came meanwhile, too.
 *
 * @param {heapwatch.Pause[]} pauses
 * @param {Record<string, { count: number }>} found
 * @param {number} atLeast that had been before
 */
function firstOf(pauses, found, atLeast) {
  const count = Object.values(found).reduce((sum, type) => sum + type.count, 0);
  assert.ok(count >= atLeast, `${count} of ${atLeast} were recorded`);
  return pauses.slice(0, count);
}

describe('instrumentOpenTelemetry()', () => {
  let watcher;
  let reader;
  let provider;
  let subscription;
  let before;
  beforeEach(() => {
    watcher = heapwatch.start();
    reader = new Reader();
    provider = new MeterProvider({ readers: [reader] });
    subscription = heapwatch.instrumentOpenTelemetry(provider.getMeter('heapwatch'));
    before = watcher.pauses().length;
  });
  afterEach(async () => {
    subscription.dispose();
    await provider.shutdown();
    watcher.stop();
  });

  /** GCs by the SDK's data. @param {any} metric */
  const recorded = (metric) => Object.fromEntries(metric.dataPoints.map(({ attributes, value }) => [attributes['v8js.gc.type'], { count: value.count, sum: value.sum }]));

  async function recordedAndKept() {
    const atLeast = watcher.pauses().length - before;
    const found = recorded((await reader.metrics()).get('v8js.gc.duration'));
    assertSameGcs(found, byType(firstOf(watcher.pauses().slice(before), found, atLeast)));
    return found;
  }

  test('records each GC once, with how long it took', async () => {
    makeGarbage(30);
    heapwatch.gc();
    const first = await recordedAndKept();
    assert.ok(first.major.count >= 1 && first.minor.count >= 3, JSON.stringify(first));
    await turn(1200); // the watcher's own timer hands out as well
    heapwatch.gc();
    makeGarbage(10);
    await recordedAndKept();
  });

  test('advises buckets in which pauses can be told apart, unless others are wanted', async () => {
    heapwatch.gc();
    const { dataPoints: [{ value }] } = (await reader.metrics()).get('v8js.gc.duration');
    assert.deepEqual(value.buckets.boundaries.slice(0, 3), [0.0001, 0.00025, 0.0005]);
    const other = new Reader();
    const coarse = new MeterProvider({ readers: [other] });
    const second = heapwatch.instrumentOpenTelemetry(coarse.getMeter('heapwatch'), { gcDurationBoundaries: [0.01, 0.1, 1, 10] });
    heapwatch.gc();
    assert.deepEqual((await other.metrics()).get('v8js.gc.duration').dataPoints[0].value.buckets.boundaries, [0.01, 0.1, 1, 10]);
    second.dispose();
    await coarse.shutdown();
  });

  test('goes with a view that makes the histogram exponential', async () => {
    const other = new Reader();
    const views = [{ instrumentName: 'v8js.gc.duration', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }];
    const exponential = new MeterProvider({ readers: [other], views });
    const second = heapwatch.instrumentOpenTelemetry(exponential.getMeter('heapwatch'));
    const from = watcher.pauses().length;
    heapwatch.gc();
    const metric = (await other.metrics()).get('v8js.gc.duration');
    assert.ok(metric.dataPoints[0].value.scale > 0);
    assertSameGcs(recorded(metric), byType(firstOf(watcher.pauses().slice(from), recorded(metric), 1)));
    second.dispose();
    await exponential.shutdown();
  });

  test("has the conventions' names, units and instruments", async () => {
    heapwatch.gc();
    const metrics = await reader.metrics();
    const shape = (name) => {
      const { descriptor: { type, unit }, dataPoints, isMonotonic } = metrics.get(name);
      return [type, unit, isMonotonic, Object.keys(dataPoints[0].attributes)];
    };
    assert.deepEqual(shape('v8js.gc.duration'), ['HISTOGRAM', 's', undefined, ['v8js.gc.type']]);
    for (const name of ['v8js.memory.heap.space.size', 'v8js.memory.heap.used', 'v8js.memory.heap.space.available_size', 'v8js.memory.heap.space.physical_size']) {
      assert.deepEqual(shape(name), ['OBSERVABLE_UP_DOWN_COUNTER', 'By', false, ['v8js.heap.space.name']], name);
    }
    const used = Object.fromEntries(metrics.get('v8js.memory.heap.used').dataPoints.map(({ attributes, value }) => [attributes['v8js.heap.space.name'], value]));
    const { spaces } = watcher.report();
    assert.deepEqual(Object.keys(used).sort(), Object.keys(spaces).sort());
    assert.ok(Math.abs(used.old_space - spaces.old_space.used) < 16 * 1024 * 1024);
    assert.deepEqual(shape('heapwatch.gc.freed'), ['OBSERVABLE_COUNTER', 'By', true, ['v8js.gc.type', 'thread.id']]);
    assert.deepEqual(shape('heapwatch.growth.verdict'), ['OBSERVABLE_GAUGE', '1', undefined, ['heapwatch.verdict', 'thread.id']]);
    for (const [name, { descriptor }] of metrics) {
      assert.match(name, /^(v8js|heapwatch)(\.[a-z][a-z0-9]*(_[a-z0-9]+)*)+$/);
      assert.ok(descriptor.description.length > 10, name);
      assert.match(descriptor.unit, /^(By|s|1|By\/s|\{gc\})$/, name);
    }
  });

  test('says what the report says', async () => {
    heapwatch.gc();
    const metrics = await reader.metrics();
    const { gc, heapLimit } = watcher.report();
    const of = (name, type) => metrics.get(name).dataPoints.find(({ attributes }) => attributes['thread.id'] === 0 && (type === undefined || attributes['v8js.gc.type'] === type)).value;
    assert.equal(of('heapwatch.gc.count', 'major'), gc.major.count);
    assert.equal(of('heapwatch.gc.freed', 'major'), gc.major.freedBytes);
    assert.ok(Math.abs(of('heapwatch.gc.time', 'major') * 1000 - gc.major.totalMs) < 0.01);
    assert.equal(of('heapwatch.heap.limit'), heapLimit);
    assert.equal(of('heapwatch.gc.dropped'), 0);
    assert.equal(metrics.get('heapwatch.gc.unrecorded').dataPoints[0].value, 0);
  });

  test('leaves out no family that Prometheus gets', () => {
    const known = [...FAMILIES.map(([sample]) => sample.replace(/_(count|sum)$/, '')), ...LEFT_OUT];
    const families = heapwatch.metrics().match(/^# TYPE \S+/gm).map((line) => line.slice('# TYPE heapwatch_'.length).replace(/_total$/, ''));
    assert.deepEqual(families.filter((family) => !known.includes(family)), []);
  });

  test('goes on with the watcher that is started after one was stopped, and says nothing between', async () => {
    heapwatch.gc();
    watcher.stop();
    const stopped = await reader.metrics();
    assert.equal(stopped.get('heapwatch.heap.used')?.dataPoints.length ?? 0, 0);
    const { count } = recorded(stopped.get('v8js.gc.duration')).major;
    assert.ok(count >= 1, 'the last GCs of the one that was stopped');
    watcher = heapwatch.start();
    heapwatch.gc();
    const started = recorded((await reader.metrics()).get('v8js.gc.duration')).major;
    assert.equal(started.count, count + byType(watcher.pauses()).major.count);
  });

  test('has an end', async () => {
    heapwatch.gc();
    const metrics = await reader.metrics();
    const { count } = recorded(metrics.get('v8js.gc.duration')).major;
    const observed = metrics.get('heapwatch.gc.count').dataPoints.map(({ value }) => value);
    subscription.dispose();
    subscription.dispose();
    heapwatch.gc();
    await turn(1200);
    const after = await reader.metrics();
    assert.equal(recorded(after.get('v8js.gc.duration')).major.count, count);
    // The SDK goes on showing what was observed last.
    assert.deepEqual(after.get('heapwatch.gc.count').dataPoints.map(({ value }) => value), observed);
    subscription = heapwatch.instrumentOpenTelemetry(provider.getMeter('heapwatch')); // and can begin again
  });

  test('wants a meter, once, and a watcher', () => {
    for (const wrong of [undefined, null, {}, 'meter']) assert.throws(() => heapwatch.instrumentOpenTelemetry(wrong), { code: 'HEAPWATCH_INVALID_OPTION', option: 'meter' });
    assert.throws(() => heapwatch.instrumentOpenTelemetry(provider.getMeter('heapwatch')), { code: 'HEAPWATCH_INVALID_OPTION', option: 'meter' });
    const fresh = provider.getMeter('other');
    for (const wrong of [0.1, [], [0], [2, 1], ['1']]) {
      if (Array.isArray(wrong) && wrong.length === 0) continue; // no bounds is one bucket
      assert.throws(() => heapwatch.instrumentOpenTelemetry(fresh, { gcDurationBoundaries: wrong }), { code: 'HEAPWATCH_INVALID_OPTION', option: 'gcDurationBoundaries' });
    }
    assert.throws(() => heapwatch.instrumentOpenTelemetry(fresh, { colour: 'red' }), { code: 'HEAPWATCH_INVALID_OPTION', option: 'colour' });
    watcher.stop();
    assert.throws(() => heapwatch.instrumentOpenTelemetry(fresh), { code: 'HEAPWATCH_NOT_RUNNING' });
    watcher = heapwatch.start();
  });

  for (const [what, Exporter, type] of /** @type {const} */ ([['protobuf', ProtobufExporter, 'application/x-protobuf'], ['JSON', JsonExporter, 'application/json']])) {
    test(`arrives over OTLP in ${what}`, async () => {
      const receiver = await otlpReceiver();
      const exporting = new PeriodicExportingMetricReader({ exporter: new Exporter({ url: receiver.url }), exportIntervalMillis: 3_600_000 });
      const exported = new MeterProvider({ readers: [exporting] });
      const second = heapwatch.instrumentOpenTelemetry(exported.getMeter('heapwatch'));
      const from = watcher.pauses().length;
      makeGarbage(10);
      heapwatch.gc();
      const atLeast = watcher.pauses().length - from;
      await exporting.forceFlush();
      const pauses = watcher.pauses().slice(from);
      second.dispose();
      await exported.shutdown();
      receiver.close();
      const [request] = receiver.requests;
      assert.equal(request.type, type);
      const { unit, histogram } = request.metrics.get('v8js.gc.duration');
      assert.equal(unit, 's');
      assert.equal(histogram.aggregationTemporality, 1 + AggregationTemporality.CUMULATIVE);
      const found = Object.fromEntries(histogram.dataPoints.map((point) => [attributesOf(point)['v8js.gc.type'], { count: Number(point.count), sum: point.sum }]));
      assertSameGcs(found, byType(firstOf(pauses, found, atLeast)));
      for (const { bucketCounts, explicitBounds, count } of histogram.dataPoints) {
        assert.equal(bucketCounts.length, explicitBounds.length + 1);
        assert.equal(bucketCounts.reduce((sum, one) => sum + Number(one), 0), Number(count));
      }
      const limit = request.metrics.get('heapwatch.heap.limit').sum.dataPoints.find((point) => attributesOf(point)['thread.id'] === 0);
      assert.equal(Number(limit.asInt || limit.asDouble), watcher.report().heapLimit);
    });
  }
});

/** A collector that comes in a registry's package: PyPI's rotel, its rotel-agent. In CI it must be there. */
const COLLECTOR = process.env.HEAPWATCH_OTEL_COLLECTOR;

test('goes through a real collector, which understands it and passes it on', { skip: !COLLECTOR && !process.env.CI && 'HEAPWATCH_OTEL_COLLECTOR names none', timeout: 120_000 }, async () => {
  assert.ok(COLLECTOR, 'HEAPWATCH_OTEL_COLLECTOR must name the rotel-agent of the PyPI package rotel');
  const receiver = await otlpReceiver();
  const folder = mkdtempSync(path.join(tmpdir(), 'heapwatch-collector-'));
  const [http, grpc] = [await freePort(), await freePort()];
  const collector = spawn(COLLECTOR, [
    'start', '--pid-file', path.join(folder, 'pid'), '--disable-batching', '--otlp-http-endpoint', `127.0.0.1:${http}`, '--otlp-grpc-endpoint', `127.0.0.1:${grpc}`,
    '--exporter', 'otlp', '--otlp-exporter-protocol', 'http', '--otlp-exporter-endpoint', new URL(receiver.url).origin,
  ], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [collector.stdout, collector.stderr]) stream.setEncoding('utf8').on('data', (text) => { said += text; });
  const watcher = heapwatch.start();
  const exporting = new PeriodicExportingMetricReader({ exporter: new ProtobufExporter({ url: `http://127.0.0.1:${http}/v1/metrics` }), exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [exporting] });
  const registration = heapwatch.instrumentOpenTelemetry(provider.getMeter('heapwatch'));
  try {
    for (const deadline = Date.now() + 30_000; (await fetch(`http://127.0.0.1:${http}`).catch(() => null)) === null;) {
      assert.ok(Date.now() < deadline && collector.exitCode === null, `the collector does not answer: ${said}`);
      await turn(50);
    }
    heapwatch.gc();
    await exporting.forceFlush();
    await until(() => receiver.requests.length > 0, 'what the collector passes on');
    const [{ metrics }] = receiver.requests;
    const majors = metrics.get('v8js.gc.duration').histogram.dataPoints.find((point) => attributesOf(point)['v8js.gc.type'] === 'major');
    assert.ok(Number(majors.count) >= 1);
    assert.equal(majors.explicitBounds.length, 17);
    const limit = metrics.get('heapwatch.heap.limit').sum.dataPoints.find((point) => attributesOf(point)['thread.id'] === 0);
    assert.equal(Number(limit.asInt || limit.asDouble), watcher.report().heapLimit);
    const spaces = metrics.get('v8js.memory.heap.used').sum.dataPoints.map((point) => attributesOf(point)['v8js.heap.space.name']);
    assert.deepEqual(spaces.sort(), Object.keys(watcher.report().spaces).sort());
  } finally {
    registration.dispose();
    await provider.shutdown();
    watcher.stop();
    collector.kill();
    receiver.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('tells worker threads apart, and has each record its own GCs', async () => {
  const { main, worker, threads } = lastJson(await runFixture('open-telemetry-workers.js'));
  assert.deepEqual(threads, [0, worker.threadId]);
  assert.ok(worker.majors >= 7, JSON.stringify(worker));
  assert.equal(worker.recorded, worker.majors, 'the meter in the worker');
  assert.equal(main.seenOfWorker, worker.majors, 'the worker, from the main thread');
  assert.equal(main.recorded, main.majors, 'the meter in the main thread has no GC of the worker');
});

test('without the native part there are the conventions\' own metrics', async () => {
  const { names, majors, recorded } = lastJson(await runFixture('open-telemetry-degraded.js', { node: ['--no-addons', '--expose-gc'] }));
  assert.ok(majors >= 3);
  assert.equal(recorded, majors);
  assert.deepEqual(names.filter((name) => !name.startsWith('v8js.')), ['heapwatch.gc.unrecorded']);
});
