import type { DashboardHandler, DashboardOptions } from './types/dashboard';
import type { HeapDiff, HeapOptions, HeapSummary, LiveOptions, LiveSummary } from './types/heap';
import type { MeasureOptions, Retention } from './types/measure';
import type { InstrumentOpenTelemetryOptions, InstrumentPrometheusOptions, MetricsOptions, OpenTelemetryMeter, PrometheusRegistry } from './types/metrics';
import type { GcResult, MergedReport, Report, Support } from './types/report';
import type { RequestTiming, RequestTimingOptions } from './types/requests';
import type { PendingSnapshot, SnapshotOptions, SnapshotResult } from './types/snapshot';
import type { Health, HealthCheckOptions, HealthHandler, StartOptions, Subscription, Watcher } from './types/watch';

export * from './types/dashboard';
export * from './types/heap';
export * from './types/measure';
export * from './types/metrics';
export * from './types/report';
export * from './types/requests';
export * from './types/snapshot';
export * from './types/watch';

/**
 * Starts recording this thread's memory and garbage collections, and returns its watcher.
 *
 * There is one watcher a thread. A second call returns the same one and counts: as many `stop()` calls
 * end it. Options that the second call names replace the earlier ones. The watcher keeps no process
 * alive; each worker thread that wants to be seen calls `start()` itself.
 *
 * @throws {HeapwatchError} `HEAPWATCH_INVALID_OPTION`: an option has the wrong type, is out of range or unknown.
 * @example
 * const heapwatch = require('heapwatch');
 * const watcher = heapwatch.start();
 * watcher.on('gc', ({ kind, pauseMs }) => { if (pauseMs > 50) console.warn(`${kind} GC: ${pauseMs} ms`); });
 * setInterval(() => console.log(String(watcher.report())), 60_000).unref();
 */
export function start(options?: StartOptions): Watcher;

/** Takes back one `start()`; the last one ends the watcher. Does nothing when none is running. */
export function stop(): void;

/**
 * The state of this thread now, with every GC that has happened. See {@link Report}.
 *
 * @throws {HeapwatchError} `HEAPWATCH_NOT_RUNNING`: `start()` was not called, or was stopped.
 */
export function report(): Report;

/**
 * Adds up the reports of many processes: report objects, their JSON, or that as text. Counts and histograms of pauses are exact: a percentile is the one that
 * a single histogram of all pauses would give. One report a process is enough, its other watched threads are in it; of several threads of one process, none is counted twice.
 *
 * @throws {HeapwatchError} `HEAPWATCH_INVALID_OPTION`: no report, or one of another version.
 * @example
 * const all = heapwatch.mergeReports(await Promise.all(urls.map(async (url) => (await fetch(url)).json())));
 * console.log(String(all), all.gc.major.pause.percentile(99.9));
 */
export function mergeReports(reports: (Report | string)[]): MergedReport;

/**
 * The state of this thread and of the process's other watched threads as metrics: text for a `/metrics` route. Counters never go back,
 * `reset()` does not touch them. Histograms count pauses exactly by their bounds, from 100 µs to 10 s.
 *
 * Seconds and bytes; labels `thread` (Node's id, '0' is the main thread), `kind`, `space`, `window`, `verdict`, `bound`. docs/metrics.md lists the names.
 *
 * In degraded mode there are none: the text is a comment that says why, and a registry gets nothing.
 *
 * @throws {HeapwatchError} `HEAPWATCH_INVALID_OPTION`; `HEAPWATCH_NOT_RUNNING`
 * @example
 * app.get('/metrics', (req, res) => res.type('text/plain; version=0.0.4').send(heapwatch.metrics()));
 */
export function metrics(options?: MetricsOptions): string;

/**
 * Adds heapwatch's metrics to a registry of prom-client 15 or of its successor @prometheus-io/client, neither of which is needed otherwise.
 * Each scrape asks the watcher that runs in this thread, once. In a cluster, the clients' own aggregation adds them up (ratios: the largest;
 * time to the limit: the least).
 *
 * @returns Disposed of, it takes the metrics out of the registry.
 * @throws {HeapwatchError} `HEAPWATCH_INVALID_OPTION`; `HEAPWATCH_NOT_RUNNING`
 * @throws what the registry throws for a name that is taken; nothing is registered then.
 * @example
 * const { register } = require('prom-client');
 * heapwatch.start();
 * heapwatch.instrumentPrometheus(register);
 */
export function instrumentPrometheus(registry: PrometheusRegistry, options?: InstrumentPrometheusOptions): Subscription;

/**
 * Adds heapwatch's metrics to a meter of OpenTelemetry; any version of @opentelemetry/api that has batch callbacks (1.3 or newer) will do, and none is needed otherwise.
 *
 * Under the semantic conventions' names (1.45), of this thread: `v8js.gc.duration`, each GC recorded once with how long it took, and `v8js.memory.heap.*` by
 * space. The rest under `heapwatch.*`, of all watched threads, told apart by `thread.id`: instrument in one of them. docs/metrics.md lists the names.
 *
 * Each collection asks the watcher that runs in this thread then; without one there is nothing to say. In degraded mode there are `v8js.*` alone.
 *
 * @returns Disposed of, it records and observes no more.
 * @throws {HeapwatchError} `HEAPWATCH_INVALID_OPTION`: no meter, or one that is instrumented already; `HEAPWATCH_NOT_RUNNING`
 * @example
 * const { metrics } = require('@opentelemetry/api');      // after the SDK was started: before, its meters do nothing
 * heapwatch.start();
 * heapwatch.instrumentOpenTelemetry(metrics.getMeter('heapwatch'));
 */
export function instrumentOpenTelemetry(meter: OpenTelemetryMeter, options?: InstrumentOpenTelemetryOptions): Subscription;

/**
 * Starts counts, histograms and windows of the running watcher anew. Other readers of the same thread
 * keep theirs, and the timeline goes on.
 *
 * @throws {HeapwatchError} `HEAPWATCH_NOT_RUNNING`
 */
export function reset(): void;

/**
 * A request handler for readiness probes: 200 with `{ status, reason }` as JSON, and `failingStatus` while
 * the process is failing, see {@link Health}. It takes what node:http passes, so it fits Express and the like.
 * Without a running watcher it answers 200 with the status `ok`: what switches heapwatch off must not take
 * the service down.
 *
 * @throws {HeapwatchError} `HEAPWATCH_INVALID_OPTION`
 * @example
 * app.get('/health', heapwatch.healthCheck());
 */
export function healthCheck(options?: HealthCheckOptions): HealthHandler;

/**
 * How much of each request's time went to GC, and what it allocated: for Express 4 and 5, Fastify, Koa and node:http. Each response says
 * `Server-Timing: gc;dur=…`; `routes()` has histograms for each route.
 *
 * It goes by the watcher that runs in this thread when a request comes, so it may be made before `start()`. Without one, and in degraded mode, where GCs are
 * known too late to say whose they were, requests pass as if it were not there: no header, no counts.
 *
 * @throws {HeapwatchError} `HEAPWATCH_INVALID_OPTION`
 * @example
 * heapwatch.start();
 * const timing = heapwatch.requestTiming();
 * app.use(timing);                             // Express, Koa; first, so that it sees all of a request
 * fastify.addHook('onRequest', timing);
 * http.createServer((req, res) => { timing(req, res); answer(req, res); });
 * console.log(String(timing.routes({ sortBy: 'bytesPerRequest' })));
 */
export function requestTiming(options?: RequestTimingOptions): RequestTiming;

/**
 * A page about this process: what leaks, since when, and when the limit will be hit; memory, GC pauses and what stays, live and back to a week; heap snapshots by
 * a click, where that is switched on. One request handler for node:http, Express, Fastify (through @fastify/middie) and Koa; docs/dashboard.md shows each.
 *
 * Nothing is mounted, and nothing that changes or reveals contents is switched on, unless it is said. docs/security.md has the threats. Under a name other than
 * localhost or an IP address, name it in `hosts`.
 *
 * It costs nothing while nobody looks: no timer, no reading. While somebody does, one update a second for all of them.
 *
 * @throws {HeapwatchError} `HEAPWATCH_INVALID_OPTION`; also for `trigger` or `download` without `authorize`.
 * @example
 * app.use('/debug/heap', requireAdmin, heapwatch.dashboard());
 * app.use('/debug/heap', requireAdmin, heapwatch.dashboard({
 *   hosts: ['admin.example.com'],
 *   authorize: (request, action) => request.session.isAdmin === true,
 *   trigger: true,
 * }));
 */
export function dashboard(options?: DashboardOptions): DashboardHandler;

/**
 * Collects all garbage, now; needs no `--expose-gc` and no running watcher. Meant for tests and
 * diagnosis: the thread stands still meanwhile, for as long as `pauseMs` says.
 *
 * Without the native part it uses `global.gc` where there is one. With HEAPWATCH_DISABLE and without
 * `global.gc` it collects nothing and returns zeros.
 *
 * @throws {HeapwatchError} `HEAPWATCH_UNSUPPORTED`: neither the native part nor `global.gc` is there.
 */
export function gc(): GcResult;

/**
 * Writes a heap snapshot of this thread's isolate to a file, for Chrome DevTools (Memory, Load). On Linux a forked copy of the
 * process writes it: JavaScript stands still for the fork alone, milliseconds instead of the seconds or minutes of
 * `v8.writeHeapSnapshot()`. docs/snapshots.md says what it needs and where its limits are.
 *
 * A snapshot contains every string of the heap, secrets too. The file is readable by its owner alone.
 *
 * @throws {HeapwatchError} (the promise is rejected)
 * `HEAPWATCH_INVALID_OPTION`;
 * `HEAPWATCH_UNSUPPORTED`: no fork here and `allowInline` is not set, or no native part;
 * `HEAPWATCH_BUSY`: one is on its way in this process, or the last one is not `cooldownMs` ago;
 * `HEAPWATCH_NO_HEADROOM`: too little memory is free, with the numbers;
 * `HEAPWATCH_SNAPSHOT_FAILED`: it was tried, {@link HeapwatchError.reason} says in a word what went wrong. Nothing is left behind.
 * With `signal`, its reason.
 * @example
 * const { path, pauseMs } = await heapwatch.snapshot();
 */
export function snapshot(options?: SnapshotOptions): Promise<SnapshotResult>;

/**
 * The snapshots in `dir` that other processes took at their heap limit or by a rule, oldest first. Whoever has uploaded one deletes it.
 *
 * @throws {HeapwatchError} `HEAPWATCH_INVALID_OPTION`
 * @example
 * for (const { path } of heapwatch.pendingSnapshots()) await upload(path).then(() => fs.unlink(path));
 */
export function pendingSnapshots(options?: { dir?: string }): PendingSnapshot[];

/**
 * What one call of `fn` leaves behind, allocates and costs in collections: calls it in rounds, collects after each, and reads what
 * stays. Synchronous and asynchronous functions; needs no --expose-gc and no running watcher, and works under fake timers. Measurements of a thread run
 * one after another, so `fn` must not wait for one. It takes some tenths of a second; `maxMs` is
 * looked at between rounds, so the last round and a leak's confirmation can exceed it by half.
 *
 * @throws {HeapwatchError} (the promise is rejected) `HEAPWATCH_INVALID_OPTION`; `HEAPWATCH_UNSUPPORTED`: no native part; `HEAPWATCH_BUSY`: called by a function
 * that is being measured. What `fn` throws, and the signal's reason, reject it too.
 * @example
 * const { verdict, retainedBytesPerCall, interval } = await heapwatch.measure(() => handler(request));
 */
export function measure(fn: () => unknown, options?: MeasureOptions): Promise<Retention>;

/**
 * Reads a heap snapshot (of Node 18 or newer, or of Chrome) and says what it holds: see {@link HeapSummary}. The work is
 * done on other threads: the event loop goes on. It needs the native part, but nothing of V8.
 *
 * `'live'` sums up this thread's own heap as it is now: a forked copy of the process reads it (Linux), as {@link snapshot} does, but no file is
 * written, and the application's memory has no part in the work. The application stands still for the fork (`pauseMs`), and reads the summary in the end. One at a time in a process,
 * snapshots included (`HEAPWATCH_BUSY`). Of the progress only `reading` is told, by estimate.
 *
 * `redact: '<path>'` (or `true`) also writes a copy in which the contents of strings are replaced by their length and a hash. Names of
 * classes, functions, scripts, variables and properties stay in it, but for the keys of objects with more than 64.
 *
 * @throws {HeapwatchError} `HEAPWATCH_NOT_A_SNAPSHOT`, `HEAPWATCH_CORRUPT_SNAPSHOT` (with `offset` in bytes and `hint`), `HEAPWATCH_SNAPSHOT_TOO_LARGE`, `HEAPWATCH_IO`,
 * `HEAPWATCH_INVALID_OPTION`, `HEAPWATCH_UNSUPPORTED` (no native part). `'live'`: as {@link snapshot}, with the reason `analysis` if what V8 wrote cannot be read. An aborted signal's reason.
 * @example
 * const summary = await heapwatch.analyze('app.heapsnapshot');
 * console.log(String(summary));
 * const { classes, pauseMs } = await heapwatch.analyze('live');
 */
export function analyze(file: 'live', options?: LiveOptions): Promise<LiveSummary>;

export function analyze(file: string | URL, options?: HeapOptions): Promise<HeapSummary>;

/**
 * Compares heap snapshots of one program, in the order in which they were taken, and says what leaks and who holds it: see
 * {@link HeapDiff}. With three or more, what grew each time comes first.
 *
 * @throws {HeapwatchError} as {@link analyze}
 * @example
 * const { findings } = await heapwatch.diff('before.heapsnapshot', 'after.heapsnapshot');
 * console.log(findings[0]?.sentence); // headersArray (module variable in app.js) holds 7,000 more Objects {userAgentUsed}, 1.2 MB
 */
export function diff(before: string | URL, after: string | URL, options?: Omit<HeapOptions, 'redact'>): Promise<HeapDiff>;

export function diff(before: string | URL, after: string | URL, ...more: (string | URL)[]): Promise<HeapDiff>;

export function diff(before: string | URL, after: string | URL, ...more: [...(string | URL)[], Omit<HeapOptions, 'redact'>]): Promise<HeapDiff>;

/** What works in this process, and why not more. Read lazily: the first property asked for loads the native part. */
export const support: Support;

/** What every call of heapwatch throws. */
export class HeapwatchError extends Error {
  constructor(code: HeapwatchErrorCode, message: string, details?: { option?: string; value?: unknown; reason?: string; cause?: unknown; offset?: number; hint?: string });
  readonly name: 'HeapwatchError';
  /** Stable across versions; the message is not. */
  code: HeapwatchErrorCode;
  /** `HEAPWATCH_INVALID_OPTION`: the name of the option. */
  option?: string;
  /** `HEAPWATCH_INVALID_OPTION`: what was given for it. */
  value?: unknown;
  /**
   * Of a snapshot: what went wrong, in one word. `hang`, `crash`, `killed`, `timeout`: the forked copy; `disk`: the file or its folder;
   * `quota`: larger than `maxBytes`; `memory`; `permission`; `busy`, `cooldown`; `fork`, `refused`, `symbol`: what is missing here; `unreachable`: JavaScript
   * did not come by; `thread`; `empty`.
   */
  reason?: string;
  /** `HEAPWATCH_CORRUPT_SNAPSHOT`: where reading failed, in bytes from the start of the file. */
  offset?: number;
  /** What to do about a file that cannot be read. */
  hint?: string;
}

export type HeapwatchErrorCode =
  | 'HEAPWATCH_INVALID_OPTION'
  | 'HEAPWATCH_NOT_RUNNING'
  | 'HEAPWATCH_BUSY'
  | 'HEAPWATCH_NO_HEADROOM'
  | 'HEAPWATCH_SNAPSHOT_FAILED'
  | 'HEAPWATCH_UNSUPPORTED'
  | 'HEAPWATCH_NOT_A_SNAPSHOT'
  | 'HEAPWATCH_CORRUPT_SNAPSHOT'
  | 'HEAPWATCH_SNAPSHOT_TOO_LARGE'
  | 'HEAPWATCH_CANCELLED'
  | 'HEAPWATCH_IO';
