import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

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

export interface SnapshotOptions {
  /**
   * `fork`: by a forked copy of the process, or not at all. `inline`: by this thread, which stands still until it is done. `auto`: by
   * fork, and where that is refused or has failed twice inline, if `allowInline` says so. Default: `auto`.
   */
  mode?: 'auto' | 'fork' | 'inline';
  /** With `auto`: this thread may stand still. Default: false. */
  allowInline?: boolean;
  /** The file, which must not exist. No quota then. Default: a new name in `dir`: `heapwatch-<pid>-<thread>-<time>-<n>.heapsnapshot`. */
  path?: string;
  /** The folder, made (0700) if it is not there. Default: the environment's HEAPWATCH_DIR, else `heapwatch-<uid>` in the system's temporary folder. */
  dir?: string;
  /** Snapshots that stay in `dir`, 1 or more: the oldest of ours go when this one is complete. Default: 10. */
  maxFiles?: number;
  /** Bytes that they may take together. A snapshot that is larger by itself fails, with the reason `quota`. Default: no limit. */
  maxBytes?: Bytes;
  /** The least time since the last complete snapshot of this process, in milliseconds, at most a week. Default: 0. */
  cooldownMs?: number;
  /** For how long a forked copy may work, in milliseconds above 0, at most a week. Default: 600,000 (10 min). */
  timeoutMs?: number;
  /**
   * Memory that must be free, in the container or the machine. 0: whatever there is, and no limit to what the copy takes. Default: three times the
   * used heap and 64 MB.
   */
  headroom?: Bytes | 0;
  /** Its abort kills the copy and removes what it wrote; the promise is rejected with its reason. One that is taken inline ends first. */
  signal?: AbortSignal;
}

export interface SnapshotResult {
  /** Absolute. */
  path: string;
  bytes: number;
  /** The longest time for which JavaScript stood still at a stretch. */
  pauseMs: number;
  /** Until the file was complete. */
  totalMs: number;
  /** The way it was taken. */
  mode: 'fork' | 'inline';
}

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
 * @throws {HeapwatchError} (the promise is rejected) `HEAPWATCH_INVALID_OPTION`; `HEAPWATCH_UNSUPPORTED`: no native part.
 * What `fn` throws, and the signal's reason, reject it too.
 * @example
 * const { verdict, retainedBytesPerCall, interval } = await heapwatch.measure(() => handler(request));
 */
export function measure(fn: () => unknown, options?: MeasureOptions): Promise<Retention>;

export interface MeasureOptions {
  /** Retained bytes a call that are no leak; above 0. Clean code leaves 10 to 130. Default: 256. */
  toleranceBytes?: number;
  /** Time budget in milliseconds, above 0. Default: 3000. */
  maxMs?: number;
  /** Calls in flight at once, 1 to 10,000. Default: 1. */
  concurrency?: number;
  /** Run and awaited before each round of calls; what it leaves behind counts. */
  setup?: () => unknown;
  /** Likewise after each. */
  teardown?: () => unknown;
  /** Its abort rejects with its reason, before the next call. */
  signal?: AbortSignal;
}

/** What {@link measure} found. Bytes and times are per call unless they say otherwise. */
export interface Retention {
  /** `inconclusive`: noise hides what there is, or there was too little time; `reason` says which. */
  verdict: 'leak' | 'clean' | 'inconclusive';
  reason: string;
  /** Heap and external memory (Buffers, ArrayBuffers) together: the slope over calls, by Theil–Sen. */
  retainedBytesPerCall: number;
  /** Its 99 % interval. */
  interval: [low: number, high: number];
  /** The smallest leak that would have been called one; Infinity: too few rounds to tell. */
  detectableBytesPerCall: number;
  /** As it was given, or the default. */
  toleranceBytes: number;
  heapBytesPerCall: number;
  externalBytesPerCall: number;
  /** In V8's heap. Exact on Node 26; else the heap's growth between collections. */
  allocatedBytesPerCall: number;
  /** Within which its median over the rounds lies. */
  allocatedInterval: [low: number, high: number];
  /** Collections that the calls caused, those of the measurement itself excluded. */
  gc: GcKind;
  /** Their share of the time that the calls took, from 0 to 1. */
  gcTimeRatio: number;
  /** Rounds that the slope rests on. */
  rounds: number;
  callsPerRound: number;
  /** All calls, warm-up included. */
  calls: number;
  warmupCalls: number;
  totalMs: number;
}
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

export interface StartOptions {
  /**
   * How often memory is sampled, in whole milliseconds up to 3,600,000 (an hour). 0: at GCs only.
   * Default: the environment's HEAPWATCH_INTERVAL, else 1000. In degraded mode, samples are taken from
   * the event loop and at most 100 times a second.
   */
  sampleIntervalMs?: number;
  /**
   * Read the heap's size before and after each GC: it costs a few µs a GC and gives `freedBytes`,
   * `heapUsedBefore`, `heapUsedAfter`, allocation and promotion rates, which are 0 without it. Default: true.
   */
  gcStatistics?: boolean;
  /**
   * When growth is called a leak, and whether V8 is asked for the major GCs that the verdict needs. False:
   * no `leak` events; the report's `growth` stays. A later start() that names it replaces all of it, and it
   * holds for every watcher of this thread. Default: `{}`.
   */
  leak?: LeakOptions | false;
  /**
   * Rules for the life of this start(): each crossing is an event `threshold`, and does the rule's actions.
   * They end with this start's `signal`, or without one with the last `stop()`. {@link Watcher.onThreshold}
   * has rules with a callback, which can be taken back one by one.
   */
  thresholds?: Threshold[];
  /**
   * At V8's heap limit, write the heap: a forked copy of the process does so while the process goes on to its death, which stays as it is
   * (message, exit code, report). Linux, main thread. Not done, with a process warning, in workers, with Node's `--heapsnapshot-near-heap-limit`, and where
   * forks are refused. Until the last `stop()`. Default: false. docs/snapshots.md says where the process waits for the copy.
   */
  oom?: OomOptions | false;
  /**
   * A Unix socket `control-<pid>.sock` in the folder of snapshots (HEAPWATCH_DIR or its default, which must be 0700), so that `heapwatch snapshot <pid>` can ask this
   * process. Main thread. Default: false.
   */
  control?: boolean;
  /** A snapshot at each of these signals, told on stderr; not SIGUSR1, which is the inspector's, and none that ends a process. Main thread. Default: false. */
  snapshotSignal?: NodeJS.Signals | false;
  /** Its abort is one `stop()`: use it in place of one. If already aborted, this `start()` has no effect, and a watcher of its own is returned stopped. */
  signal?: AbortSignal;
}

export interface OomOptions {
  snapshot: boolean;
  /** As {@link SnapshotOptions.dir}. */
  dir?: string;
  /**
   * For how long the dying process waits for the copy, in milliseconds, at most a week. Default: 60,000 where its death would take the copy along (the
   * first process of a container, the only child of a small init, systemd's main process), else 0.
   */
  waitMs?: number;
  /** As {@link SnapshotOptions.headroom}. */
  headroom?: Bytes | 0;
}

export interface LeakOptions {
  /**
   * What is innocent is taken to vary within this time, in milliseconds, at most a week. Growth is looked for once the watcher is this old, and
   * must then go on for three times as long: nothing is called a leak or clean before four times this. Default: 900,000 (15 min, so an hour).
   */
  minSpanMs?: number;
  /** No verdict before this many major GCs after the first two, which are warm-up; 1 or more. Default: 6. */
  minMajors?: number;
  /**
   * Ask V8 for a major GC when there was none for `everyMs`, or for a tenth of it while the old generation
   * grew by a quarter. After one that paused for more than `maxPauseMs` the next waits twice as long. V8 is asked
   * to work incrementally and to stop only to finish. Without it a verdict has to wait for V8's own
   * major GCs, which can be an hour apart. False: no. Default: false. Nothing in degraded mode.
   */
  assist?: { maxPauseMs: number; everyMs: number } | false;
}

/** A size in bytes; in texts 1 KB is 1024 B: `'512MB'`, `'1.5 GB'`. */
export type Bytes = number | `${number}${'B' | 'KB' | 'MB' | 'GB'}`;

/**
 * A rule. It fires when every limit that it has is exceeded at the same time, for `forMs` without a break.
 * It fires again only after each value has since fallen to 95 % of its limit or below (not necessarily all
 * at once) and `cooldownMs` have passed. Looked at every 50 ms, while JavaScript blocks the event loop too.
 *
 * @example
 * { maxUsedRatio: 0.9, maxGcTimeRatio: 0.3, forMs: 5000, action: ['log'] }
 */
export interface Threshold {
  /** {@link Report.heapUsed}: garbage that was not collected yet is part of it, so choose a `forMs`. */
  maxHeapUsedBytes?: Bytes;
  /** {@link Report.usedRatio}: of the limit that is nearest, V8's or the container's; above 0, at most 1. */
  maxUsedRatio?: number;
  /** {@link Report.rss}, of the whole process. */
  maxRssBytes?: Bytes;
  /** {@link Report.external}: Buffers and ArrayBuffers most of all. */
  maxExternalBytes?: Bytes;
  /** One GC pause, in milliseconds. `forMs` does not apply to it: a pause cannot last. */
  maxGcPauseMs?: number;
  /** GC's share of the last 10 s, all 10, even where the watcher is younger; above 0, at most 1. */
  maxGcTimeRatio?: number;
  /**
   * Growth of what stays that is sure: the lower end of {@link Growth.interval}, once the watcher is as old as
   * `leak.minSpanMs`; 0: any growth. Unknown in degraded mode, where it never fires.
   */
  maxGrowthBytesPerSecond?: number;
  /** In milliseconds, at most a week. Default: 0. */
  forMs?: number;
  /** In milliseconds, at most a week. Default: 60,000. */
  cooldownMs?: number;
  /**
   * Done at the crossing by heapwatch's own thread, also while JavaScript blocks the event loop (in degraded
   * mode by the event loop, so after it is free). `log`: one line on stderr. `snapshot`: a heap snapshot by a forked copy, into the
   * default folder of {@link snapshot}, told by the event `snapshot`; what goes wrong is told on stderr. `blackbox` comes with a
   * later version; until then HEAPWATCH_UNSUPPORTED. Default: none.
   */
  action?: ('log' | 'snapshot' | 'blackbox')[];
}

/** A rule's values by the names of its limits. */
export type ThresholdValues = Partial<Record<
  'maxHeapUsedBytes' | 'maxUsedRatio' | 'maxRssBytes' | 'maxExternalBytes' | 'maxGcPauseMs' | 'maxGcTimeRatio' | 'maxGrowthBytesPerSecond',
  number
>>;

export interface Crossing {
  /** The rule, as it was given. */
  rule: Threshold;
  /** What was measured when it fired, for each limit of the rule. */
  values: ThresholdValues;
  /** When it fired, in Unix milliseconds. */
  timeMs: number;
}

export interface ThresholdEvent extends Crossing {
  /** The state when the crossing was handed out. */
  report: Report;
}

export interface Health {
  /**
   * `failing`: garbage collection takes at least half of 10 s (or 40 % of a minute) and gets little back: requests
   * should go elsewhere. `strained`: at least a quarter of 10 s, or 90 % of the nearest limit is used. Else `ok`.
   */
  status: 'ok' | 'strained' | 'failing';
  /** The figures, in words. */
  reason: string;
}

export interface MetricsOptions {
  /** Default: `'prometheus'`, the text format 0.0.4. `'openmetrics'`: OpenMetrics 1.0.0. */
  format?: 'prometheus' | 'openmetrics';
  /**
   * Default: `'heapwatch'`, names that begin with `heapwatch_`. `'prom-client'`: the names of prom-client's default metrics about
   * memory and GC, of this thread, so that dashboards made for those go on: `nodejs_gc_duration_seconds`, `nodejs_heap_size_used_bytes` and so on.
   */
  names?: 'heapwatch' | 'prom-client';
  /** Before every name. Default: none. */
  prefix?: string;
  /** On every sample. Default: none. */
  labels?: Record<string, string | number>;
}

export interface InstrumentPrometheusOptions {
  /** As in {@link MetricsOptions}. `'prom-client'` collides with the client's own default metrics: leave those out. */
  names?: 'heapwatch' | 'prom-client';
  /** Before every name. Default: none. */
  prefix?: string;
}

/** What is used of a client's `Registry`. */
export interface PrometheusRegistry {
  registerMetric(metric: any): void;
  removeSingleMetric(name: string): void;
}

export interface HealthCheckOptions {
  /** Default: whichever watcher runs in this thread when a request comes. */
  watcher?: Pick<Watcher, 'health'>;
  /** The HTTP status while failing, from 400 to 599. Default: 503. */
  failingStatus?: number;
}

export type HealthHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface WatcherEvents {
  /** A GC has ended. Handed out from the event loop, at most 100 ms late if the loop is free, in order. */
  gc: [pause: Pause];
  /** Memory was sampled. */
  sample: [sample: Sample];
  /** A rule fired, of `start({ thresholds })` or of `onThreshold()`. Within 200 ms of the crossing, if the event loop is free. */
  threshold: [event: ThresholdEvent];
  /** {@link Growth.verdict} has become `leak`: once each time. Whoever listens first later on is still told, if it is still so. */
  leak: [report: Report];
  /**
   * A heap snapshot that nobody waited for: a rule's, or one that an earlier process left at its heap limit (with `start({ oom })`; at each start until the file
   * is gone).
   */
  snapshot: [snapshot: PendingSnapshot & Partial<SnapshotResult>];
}

/** A snapshot that waits for somebody to look at it. */
export interface PendingSnapshot {
  /** Absolute. */
  path: string;
  bytes: number;
  /** What it was taken for. */
  reason: 'oom' | 'threshold';
  /** The process that it shows. */
  pid: number;
  threadId: number;
  /** When it was begun (a rule's: complete), in Unix milliseconds. */
  timeMs: number;
}

/**
 * Events start with the first listener. A listener that throws, or whose promise is rejected, becomes a
 * process warning with the code HEAPWATCH_LISTENER_ERROR; the other listeners still get the event.
 * GCs are also published to the diagnostics_channel `heapwatch:gc` while it has subscribers, as {@link Pause};
 * what a subscriber throws is, as on every channel, an uncaught exception. So are crossings to
 * `heapwatch:threshold`, as {@link ThresholdEvent}, and leaks to `heapwatch:leak`, as {@link Report}.
 */
export interface Watcher extends EventEmitter<WatcherEvents> {
  /** The state now; after the last stop: the final one. */
  report(): Report;
  /** As {@link metrics}, of this watcher. */
  metrics(options?: MetricsOptions): string;
  /** How memory and GCs went: the last 10 minutes by the second, 2 hours by 10 seconds, 7 days by 5 minutes. */
  timeline(): Timeline;
  /**
   * The last GCs, oldest first, as many as are kept (at least 1000).
   *
   * @param sinceMs only those that began at or after this time, in Unix milliseconds
   * @throws {HeapwatchError} `HEAPWATCH_INVALID_OPTION`
   */
  pauses(sinceMs?: number): Pause[];
  /**
   * Is this thread dying of garbage collection although it still answers? Takes a few microseconds: meant
   * for probes. After the last stop nothing is known, and the status is `ok`.
   */
  health(): Health;
  /**
   * Calls back when a rule fires, within 200 ms of the crossing if the event loop is free, with the report of that moment.
   * Calls never overlap: while the promise that the callback returned is pending, the newest crossing
   * waits. What it throws, or rejects with, becomes a process warning, as with listeners. Disposed of, the rule is removed.
   *
   * @throws {HeapwatchError} `HEAPWATCH_INVALID_OPTION`: a field of the rule, or a rule without a limit;
   * `HEAPWATCH_UNSUPPORTED`: an action of later versions; `HEAPWATCH_NOT_RUNNING`: the watcher was stopped.
   * @example
   * watcher.onThreshold({ maxUsedRatio: 0.9, forMs: 2000 }, async (report, { values }) => {
   *   console.error(`memory is short: ${report}`, values);
   *   await drainAndExit();
   * });
   */
  onThreshold(rule: Threshold, callback: (report: Report, crossing: Crossing) => unknown): Subscription;
  /**
   * Starts counts, histograms and windows anew.
   *
   * @throws {HeapwatchError} `HEAPWATCH_NOT_RUNNING`: the watcher was stopped.
   */
  reset(): void;
  /** Takes back one `start()`. The last one first hands out the events that are queued; afterwards none comes. Further calls do nothing. */
  stop(): void;
  /** The same as `stop()`, for `using watcher = start()`. */
  [Symbol.dispose](): void;
}

/** Ends when disposed of; once more does nothing. */
export interface Subscription {
  dispose(): void;
  /** The same, for `using`. */
  [Symbol.dispose](): void;
}

/**
 * Everything that is known at one moment; plain data but for its histograms. Sizes in bytes, times in
 * milliseconds, ratios from 0 to 1. `JSON.stringify(report)` is complete, `String(report)` is one line.
 *
 * In degraded mode (`source: 'perf_hooks'`, see {@link Support.reason}) the fields that need the native
 * part are 0 or null: `freedBytes`, `heapAfterLastMajorGc`, `allocation` (Node 26 knows its first two),
 * `growth` is inconclusive, `threads` is empty, and GCs are known only once the event loop has turned after them.
 */
export interface Report {
  schemaVersion: 1;
  source: 'native' | 'perf_hooks';
  pid: number;
  /** 0: the main thread. */
  threadId: number;
  /** For how long this thread has been recorded; reset() does not change it. */
  uptimeMs: number;

  /** Memory of the whole process, all threads, as the system counts it. */
  rss: number;
  /** As in `process.memoryUsage()`; so are the next three. */
  heapTotal: number;
  heapUsed: number;
  external: number;
  arrayBuffers: number;

  /** V8's `heap_size_limit`. */
  heapLimit: number;
  /** The memory limit of the container (cgroup); null: there is none, or the system has no such thing. */
  containerLimit: number | null;
  /** The one of these two that `usedRatio` is nearer to. */
  memoryLimit: number;
  /** The larger of the two below: how near the limit is that bites first. */
  usedRatio: number;
  /** Old generation used, of the old generation's limit: V8 gives up near 1. */
  heapUsedRatio: number;
  /** The container's working set of its limit; degraded: of this process the RSS. Null without a limit. */
  containerUsedRatio: number | null;
  /** Heap used right after the last major GC: what is truly alive. Null before the first. */
  heapAfterLastMajorGc: number | null;
  /** Age of the sizes above; JavaScript that is stuck in native code cannot be sampled. */
  sampleAgeMs: number;
  /** V8's heap spaces by name; which there are depends on the version. */
  spaces: Record<string, { size: number; used: number; available: number; physical: number }>;

  gc: {
    /** Outermost pauses of all kinds: callbacks can nest, and their time is counted once. */
    all: GcKind;
    /** Young generation: scavenge, minor mark-sweep. */
    minor: GcKind;
    /** The whole heap: mark-sweep-compact. */
    major: GcKind;
    /** Steps of incremental marking. */
    incremental: GcKind;
    /** Weak callbacks. */
    weak: GcKind;
    /** Share of wall time that GCs took, of the last seconds or (before they are full) since the start. */
    timeRatio: { last10s: number; last1m: number; lifetime: number };
    /** GCs that were too many to be recorded; they are missing in everything above. */
    droppedEvents: number;
  };

  allocation: {
    bytesPerSecond: number;
    totalBytes: number;
    /** V8 counted every byte (Node 26); else it is derived from the heap's size between GCs. */
    exact: boolean;
    /** Bytes a second that survived into the old generation. */
    promotedBytesPerSecond: number;
    /** Share of the young generation that survives a minor GC. */
    survivalRatio: number;
  };

  growth: Growth;

  /** The other threads of this process that have a watcher; their own `threads` are empty. */
  threads: Report[];

  /** One line for a log. */
  toString(): string;
}

/**
 * How what stays has been moving: heap and external memory right after each major GC, and memory outside
 * V8. docs/leak-verdicts.md has the rule.
 */
export interface Growth {
  /** `inconclusive` until there is enough to tell by (see {@link LeakOptions}), and where noise hides what there is. */
  verdict: 'leak' | 'clean' | 'inconclusive';
  /** In words, what the verdict rests on or what is missing for one. */
  reason: string;
  bytesPerSecond: number;
  /** Confidence interval of `bytesPerSecond`. */
  interval: [low: number, high: number];
  /** Major GCs so far (readings of memory outside V8, where the leak is there), and the time that those looked at span. */
  samples: number;
  spanMs: number;
  /** The least live memory seen after the warm-up. */
  floorBytes: number;
  /** The slowest growth that would have been noticed. */
  detectableBytesPerSecond: number;
  /** When the limit that bites first, V8's or the container's, would be reached, from now; null: no such time is in sight. */
  limitInMs: { earliest: number; latest: number | null } | null;
  /** Where a leak is: V8's heap, external memory (Buffers, ArrayBuffers), or outside V8. Null while there is none. */
  place: 'heap' | 'external' | 'native' | null;
  /** When a leak's growth began, in Unix milliseconds. Null while there is none. */
  sinceMs: number | null;
  /** The same, for each place on its own. */
  parts: Record<'heap' | 'external' | 'native', GrowthPart>;
}

export interface GrowthPart {
  bytesPerSecond: number;
  /** Confidence interval of `bytesPerSecond`. */
  interval: [low: number, high: number];
  /** The least seen after the warm-up. */
  floorBytes: number;
}

export interface GcKind {
  count: number;
  totalMs: number;
  /** Heap used before minus after, summed; 0 for incremental and weak, and with `gcStatistics: false`. */
  freedBytes: number;
  pause: PauseHistogram;
}

/**
 * Pauses in milliseconds, with the names of `node:perf_hooks` histograms. From 1 µs to 1 h with three
 * digits; all are 0 when `count` is.
 */
export class PauseHistogram {
  private constructor(json: PauseHistogramJson);
  readonly count: number;
  /** Pauses of more than an hour: kept apart from the rest, though `max` covers them. */
  readonly exceeds: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly stddev: number;
  /**
   * The pause that `p` percent of all did not exceed.
   *
   * @param p above 0, at most 100
   * @throws {HeapwatchError} `HEAPWATCH_INVALID_OPTION`
   */
  percentile(p: number): number;
  /** For 50, 75, 90, 95, 99, 99.9 and 100. */
  get percentiles(): Map<number, number>;
  toJSON(): PauseHistogramJson & { percentiles: Record<`p${number}`, number> };
  /** From what `toJSON()` gave, in this process or another. */
  static from(json: PauseHistogramJson): PauseHistogram;
}

export interface PauseHistogramJson {
  count: number;
  exceeds: number;
  min: number;
  max: number;
  mean: number;
  stddev: number;
  /** Ascending: the highest value that the bucket stands for, and how many fell into it. */
  buckets: [ms: number, count: number][];
}

/** One GC. Sizes are 0 for `incremental` and `weak`, with `gcStatistics: false`, and in degraded mode. */
export interface Pause {
  kind: 'minor' | 'major' | 'incremental' | 'weak';
  /** When it began, in Unix milliseconds with fractions. */
  timeMs: number;
  pauseMs: number;
  freedBytes: number;
  heapUsedBefore: number;
  heapUsedAfter: number;
  /** Asked for by `gc()` or a tool, not by V8's own need. */
  forced: boolean;
  /** Inside another GC's callbacks: its time is part of that one's. */
  nested: boolean;
}

export interface Sample {
  /** Unix milliseconds. */
  timeMs: number;
  rss: number;
  heapTotal: number;
  heapUsed: number;
  external: number;
  heapAfterLastMajorGc: number | null;
}

/** One interval: sizes are the newest in it, the rest is summed over it (`maxPauseMs`: the largest). */
export interface TimelinePoint extends Sample {
  gcCount: number;
  majorCount: number;
  gcMs: number;
  maxPauseMs: number;
  allocatedBytes: number;
  promotedBytes: number;
}

export interface Timeline {
  /** Finest first; points ascending, `timeMs` the end of each. */
  tiers: { intervalMs: 1000 | 10000 | 300000; points: TimelinePoint[] }[];
}

export interface GcResult {
  pauseMs: number;
  freedBytes: number;
}

export interface Support {
  /** GCs come from V8's own hooks. */
  readonly native: boolean;
  /** Snapshots can be written by a forked child. */
  readonly fork: boolean;
  /** Why `native` is false, and what to do about it; null when it is true. */
  readonly reason: string | null;
  /** `process.versions.v8` */
  readonly v8: string;
}

export interface HeapOptions {
  /** Entries of each list, from 1 to 2000; most lists have at most 50. Default 200. */
  limit?: number;
  /** Called about ten times a second while the work goes on. What it throws becomes a process warning. */
  onProgress?: (progress: HeapProgress) => void;
  /** Stops the work; the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
  /**
   * `analyze` only: also write a copy without the contents of strings, and sum up that copy. `true`: as `<name>.redacted.heapsnapshot` beside the file. What is
   * there already is never replaced.
   */
  redact?: string | boolean;
}

export interface LiveOptions extends Omit<HeapOptions, 'redact'> {
  /** A copy is killed after this; one that fails by accident is made once more. Default 600,000 (ten minutes). */
  timeoutMs?: number;
  /** Memory that must be free, as for {@link SnapshotOptions.headroom}. */
  headroom?: SnapshotOptions['headroom'];
}

export interface LiveSummary extends HeapSummary {
  /** For how long JavaScript stood still, in milliseconds. */
  pauseMs: number;
  /** From the call to the result. */
  totalMs: number;
}

export interface HeapProgress {
  /** `dominators` and `classes` come once for a file; a comparison reads each of its files. */
  phase: 'reading' | 'dominators' | 'classes';
  /** How much of the phase is done, from 0 to 1. */
  ratio: number;
}

/** What a heap snapshot holds. Sizes are in bytes; "retained" is what would be freed with a thing, as DevTools defines it. */
export interface HeapSummary {
  schemaVersion: 1;
  /** `'live'` where there is none. */
  file: string;
  nodes: number;
  edges: number;
  /** The sums of DevTools' Statistics view. `native` includes `typedArrays`; `v8Heap` is the rest of `total`. */
  totals: { total: number; v8Heap: number; native: number; typedArrays: number; code: number; arrays: number; strings: number; system: number };
  /** How many classes there are; `classes` has the first `limit`. */
  classCount: number;
  /** Those that retain most first. `distance`: steps from the globals; 100,000,000 and more: only the system reaches it. */
  classes: { name: string; location: string | null; count: number; shallow: number; retained: number; distance: number }[];
  /** The objects that retain most, with who holds them in words and a way from the roots to them. `id` is DevTools' `@id`. */
  biggest: { id: number; name: string; shallow: number; retained: number; holder: string; path: string[] }[];
  /** Strings that are there more than once. `wastedBytes`: what all copies beyond the first take. */
  duplicateStrings: { copies: number; wastedBytes: number; top: { text: string; count: number; bytes: number; holder: string }[] };
  /** Maps, sets, arrays and objects used as dictionaries. `entries` counts objects and strings: small numbers leave no trace in a snapshot. */
  collections: { id: number; kind: 'Map' | 'Set' | 'WeakMap' | 'Array' | 'Object'; entries: number; retained: number; holder: string }[];
  /** Functions by the place in the source that they come from, the most copies first. Lines and columns count from 1. */
  closures: { name: string; script: string; line: number; column: number; count: number; retained: number }[];
  /** Event emitters with more than 10 listeners of one event. */
  emitters: { emitter: string; event: string; listeners: number; holder: string; listener: string }[];
  /** Timers and immediates that wait. */
  timers: { count: number; callbacks: { function: string; count: number }[] };
  /** V8's contexts: one, and one for each `vm.createContext`. `detached`: no root leads to its global object. */
  contexts: { id: number; retained: number; detached: boolean }[];
  /** The biggest nodes by who dominates whom: at most about 600. */
  tree: HeapTree;
  /** The tables that `heapwatch inspect` prints, 100 columns wide, without colour. */
  toString(): string;
  toJSON(): Omit<HeapSummary, 'toString' | 'toJSON'>;
}

export interface HeapTree {
  name: string;
  id: number;
  shallow: number;
  retained: number;
  children: HeapTree[];
}

/** What changed between heap snapshots. */
export interface HeapDiff {
  schemaVersion: 1;
  files: string[];
  /**
   * `id`: objects are told apart by V8's ids, so new and deleted ones are exact. `class`: the files share no ids (snapshots
   * of forked children, of two processes), so numbers are compared by class, shape and path.
   */
  matchedBy: 'id' | 'class';
  /** Bytes of each snapshot. */
  totals: number[];
  /** How many classes changed; `classes` has the first `limit`. */
  classCount: number;
  /** First snapshot against the last, the most grown first (DevTools' Comparison). Sizes are shallow. */
  classes: { name: string; countDelta: number; sizeDelta: number; newCount: number; deletedCount: number; allocatedSize: number; freedSize: number }[];
  /** What leaks, the surest first; at most 20. */
  findings: Finding[];
  /** What `heapwatch diff` prints, 100 columns wide, without colour. */
  toString(): string;
  toJSON(): Omit<HeapDiff, 'toString' | 'toJSON'>;
}

/** Something that became more, and who holds it. */
export interface Finding {
  /** In plain words: `headersArray (module variable in app.js) holds 7,000 more Objects {userAgentUsed}, 1.2 MB` */
  sentence: string;
  /** The holder's name and place: `headersArray (module variable in app.js)` */
  holder: string;
  holderKind: 'module' | 'closure' | 'global' | 'emitter' | 'timer' | 'promise' | 'native' | 'system';
  /** The script that the holder stands in, where one is known. */
  file: string | null;
  /** Class of what became more; of the holder where it got bigger itself. */
  className: string;
  /** How many more; 0 where the holder itself got bigger. */
  countDelta: number;
  /** How many bytes more: their own, and those of all that is reached through them first. */
  retainedDelta: number;
  /** From each snapshot to the next. */
  intervals: { countDelta: number; retainedDelta: number }[];
  /** From the roots to one of the new objects: `<property or variable>: <class>`. */
  path: string[];
}
