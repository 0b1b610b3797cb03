// Compiled by `npm run check:types`, never run: the public API as a TypeScript program sees it.

import http = require('node:http');

import { metrics as openTelemetry } from '@opentelemetry/api';
import heapwatch = require('heapwatch');
import {
  gc, healthCheck, HeapwatchError, instrumentOpenTelemetry, PauseHistogram, report, requestTiming, reset, start, stop, support, mergeReports,
  type Bytes, type Crossing, type GcResult, type Growth, type Health, type RouteTiming, type Subscription, type Threshold, type Pause, type Report, type Sample, type StartOptions, type Timeline, type TimelinePoint, type Watcher, type DashboardAudit, type DashboardHandler, type MergedReport,
} from 'heapwatch';
import { doesNotLeak, matchesMemoryBaseline, retainsLessThan } from 'heapwatch/assert';
import JestEnvironment = require('heapwatch/jest-environment');
import JestReporter = require('heapwatch/jest-reporter');
import 'heapwatch/register';

const options: StartOptions = { sampleIntervalMs: 250, gcStatistics: false, signal: AbortSignal.timeout(1000) };
const watcher: Watcher = start(options);
const same: Watcher = heapwatch.start();

watcher.on('gc', (pause) => {
  const kind: 'minor' | 'major' | 'incremental' | 'weak' = pause.kind;
  const times: number = pause.timeMs + pause.pauseMs + pause.freedBytes + pause.heapUsedBefore + pause.heapUsedAfter;
  const flags: boolean = pause.forced || pause.nested;
  return [kind, times, flags];
});
watcher.once('sample', async (sample: Sample) => { await Promise.resolve(sample.heapAfterLastMajorGc ?? sample.rss); });
// @ts-expect-error: not a pause's property
watcher.on('gc', (pause) => pause.duration);

const rule: Threshold = { maxRssBytes: '512MB', maxHeapUsedBytes: 1e9, maxUsedRatio: 0.9, forMs: 1000, cooldownMs: 0, action: ['log'] };
start({ thresholds: [rule], leak: { minSpanMs: 3000, minMajors: 6, assist: { maxPauseMs: 20, everyMs: 250 } } });
start({ leak: false });
start({ leak: { assist: false } });
const subscription: Subscription = watcher.onThreshold(rule, async (state, { values, timeMs }: Crossing) => {
  await Promise.resolve([state.growth.verdict, values.maxRssBytes?.toFixed(), timeMs]);
});
subscription.dispose();
watcher.on('threshold', ({ rule: { maxUsedRatio }, values, report: state }) => [maxUsedRatio, values, String(state)]);
watcher.on('leak', ({ growth }) => growth.parts.external.bytesPerSecond);
const health: Health = watcher.health();
http.createServer(healthCheck()).on('request', healthCheck({ watcher, failingStatus: 500 }));
const page: DashboardHandler = heapwatch.dashboard({ path: '/heap', authorize: async (request, action) => action === 'page' && request.url !== '', trigger: true, audit: ({ action, status }: DashboardAudit) => [action, status] });
http.createServer(page).on('request', (request, response) => page(request, response, () => response.end()));
page.close();
// @ts-expect-error: only true is a yes
heapwatch.dashboard({ authorize: () => 'yes' });
// @ts-expect-error: one of B, KB, MB, GB
const size: Bytes = '512 megabytes';
// @ts-expect-error: not a field
watcher.onThreshold({ maxHeapBytes: 1 }, () => {});
// @ts-expect-error: no callback
watcher.onThreshold(rule);
// @ts-expect-error: both or none
start({ leak: { assist: { everyMs: 250 } } });

const now: Report = watcher.report();
const line: string = `${now}`;
const p99: number = now.gc.major.pause.percentile(99);
const all: Map<number, number> = now.gc.all.pause.percentiles;
const oldSpace: number | undefined = now.spaces['old_space']?.used;
const limits: [number, number | null, number] = [now.heapLimit, now.containerLimit, now.memoryLimit];
const nested: Report[] = now.threads;
const source: 'native' | 'perf_hooks' = now.source;
const [low, high]: [number, number] = now.growth.interval;
const growth: Growth = now.growth;
const place: 'heap' | 'external' | 'native' | null = growth.place;
// @ts-expect-error: may be null
const afterMajor: number = now.heapAfterLastMajorGc;

const timeline: Timeline = watcher.timeline();
const point: TimelinePoint | undefined = timeline.tiers[0]?.points.at(-1);
const pauses: Pause[] = watcher.pauses(Date.now() - 60_000);
const everyPause: Pause[] = watcher.pauses();

const merged: MergedReport = mergeReports([now, JSON.stringify(now)]);
const encoded: string = PauseHistogram.merge([merged.gc.major.pause]).toHdrBase64();
const address: string | null = start({ metricsListen: { address: 9464, hosts: ["app.internal"], labels: { zone: 1 } } }).metricsAddress;
// @ts-expect-error: the format is the asker's to choose
start({ metricsListen: { address: 9464, format: "openmetrics" } });

const revived: PauseHistogram = PauseHistogram.from(JSON.parse(JSON.stringify(now.gc.minor.pause)));
// @ts-expect-error: histograms are read, not made
new PauseHistogram(revived.toJSON());

const telemetry: Subscription = instrumentOpenTelemetry(openTelemetry.getMeter('shop'), { gcDurationBoundaries: [0.001, 0.01] });
telemetry.dispose();
// @ts-expect-error: a meter, not the API
instrumentOpenTelemetry(openTelemetry);

const timing = requestTiming({ header: false, maxRoutes: 10, route: (request) => request.url });
http.createServer((request, response) => timing(request, response));
const answered: Promise<unknown> = timing({ req: new http.IncomingMessage(null as never), res: null as never }, async () => {});
const routes: RouteTiming[] = timing.routes({ sortBy: 'bytesPerRequest' });
// @ts-expect-error: unknown where V8 does not say
const allocated: number = routes[0].allocation.bytesPerRequest;
const share: number = routes[0].gc.timeRatio + routes[0].duration.percentile(99) + (routes[0].allocation?.bytesPerRequest ?? 0);
// @ts-expect-error: not an order
timing.routes({ sortBy: 'name' });
timing.reset();

const collected: GcResult = gc();
const reason: string | null = support.reason;
// @ts-expect-error: support says what is, it is not set
support.native = true;

try {
  // @ts-expect-error: milliseconds are a number
  start({ sampleIntervalMs: '1s' });
  // @ts-expect-error: unknown option
  start({ interval: 1 });
} catch (error) {
  if (error instanceof HeapwatchError && error.code === 'HEAPWATCH_INVALID_OPTION') console.log(error.option, error.value);
  // @ts-expect-error: not one of the codes
  if (error instanceof HeapwatchError && error.code === 'HEAPWATCH_ODD') console.log(error);
}

{
  using scoped = start();
  using _rule = scoped.onThreshold(rule, () => {});
  scoped.reset();
}
const asserted: Promise<void>[] = [doesNotLeak(() => 1, { strict: true }), retainsLessThan(async () => {}, 64, { maxMs: 5000 }), matchesMemoryBaseline(() => {}, 'order', { file: __filename })];
// @ts-expect-error: the limit takes its place
asserted.push(retainsLessThan(() => {}, 64, { toleranceBytes: 5000 }));
class Environment {
  constructor(public config: unknown, public context: unknown) {}
  async teardown(): Promise<void> {}
}
const environments: (new (config: any, context: any) => { teardown(): Promise<void> })[] = [JestEnvironment, JestEnvironment.TestEnvironment, JestEnvironment.withHeapwatch(Environment)];
const reporter = new JestReporter({ rootDir: '.' });
const total: number = collected.pauseMs + collected.freedBytes + report().uptimeMs;
reset();
stop();
watcher.stop();

export { same, line, p99, all, oldSpace, limits, nested, source, low, high, afterMajor, point, pauses, everyPause, reason, total, health, size, place, answered, allocated, share, encoded, address, environments, reporter };
