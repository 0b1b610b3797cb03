/// <reference types="node" />

import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { gc, metrics, report, reset, snapshot, stop } from '../index';
import type { MetricsOptions } from './metrics';
import type { Pause, Report, Sample, Timeline } from './report';
import type { PendingSnapshot, SnapshotResult } from './snapshot';

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
   * Serves `/metrics` and `/health` over HTTP from a thread of heapwatch's own, which answers while JavaScript blocks the event loop, too: of all
   * watched threads of the process. `'127.0.0.1:9464'`, `':9464'` or `9464` (loopback; port 0: a free one), `'[::1]:9464'`, or `'unix:/run/app/%p.sock'`: a
   * socket for this user alone in a folder that is there, `%p` is the process's id. {@link Watcher.metricsAddress} is the actual address. Until the
   * last `stop()`; false: no more. Default: false.
   *
   * `start()` throws `HEAPWATCH_IO` where it cannot listen, for instance because a port is taken, and has done nothing then. Without the native part nothing
   * listens, and a process warning says so. docs/metrics.md has clusters and who may ask.
   */
  metricsListen?: string | number | MetricsListenOptions | false;
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

/** The names, prefix and labels of what is served are those of {@link MetricsOptions}; its format is what the asker accepts. */
export interface MetricsListenOptions extends Omit<MetricsOptions, 'format' | 'requests'> {
  /** As the whole option. */
  address: string | number;
  /** An address that other machines reach, such as `'0.0.0.0:9464'`, is an error without it. There is no password: let a network policy say who may ask. Default: false. */
  allowRemote?: boolean;
  /** By these names the host may be called (the request's `Host`, without a port), beside `localhost` and IP addresses, which always pass. Default: none. */
  hosts?: string[];
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
  /** Where {@link StartOptions.metricsListen} listens, in the form of that option (`'127.0.0.1:9464'`, `'unix:/run/app/7.sock'`); null: nowhere. */
  readonly metricsAddress: string | null;
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
