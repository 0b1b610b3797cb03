import type { MetricFamily } from '../exporters/family';
import type { CheckedMetricsOptions } from '../exporters/metrics-options';
import type { Listen } from '../metrics-listen';
import type { GcKind, Health, Pause, PauseHistogramJson, Report, Sample, SnapshotResult, Timeline } from '../../index';
import type { LeakOptions } from '../leak-options';

/**
 * Where a watcher's numbers come from: the native part, or perf_hooks in its place. Everything above
 * (events, report classes, counting starts) knows only this.
 */
export interface Source {
  readonly name: Report['source'];
  /** How often `seen` must be called for samples to be taken in time; Infinity: samples come without it; null: never. */
  readonly tickMs: number | null;
  configure(options: Partial<SourceOptions>): void;
  /** From now on; the same id replaces. */
  addRule(rule: SourceRule): void;
  removeRule(id: number): void;
  /** Snapshots that rules have taken since this was last asked; absent where rules cannot. */
  takeSnapshots?(): SnapshotResult[];
  /** Running sums for requests; null where GCs are told too late to say whose they were. */
  tally(): Tally | null;
  /** Serves the process's metrics and health over HTTP, in place of where it did; absent where it cannot. */
  listen?(terms: Listen): ListenResult;
  unlisten?(): void;
  health(): Health;
  report(): ReportJson;
  metrics(options: CheckedMetricsOptions): string;
  metricFamilies(options: { promClient: boolean; prefix: string }): MetricFamily[];
  timeline(): Timeline;
  pauses(sinceMs: number): Pause[];
  /** What happened since the last drain; null: nothing. */
  drain(): Drained | null;
  /** The JavaScript thread was here: hand over what only it can know. */
  seen(): void;
  reset(): void;
  detach(): void;
}

/** Of both numbers only differences mean something. */
export interface Tally {
  /** How long JavaScript has stood still for GC, in milliseconds, at any moment; bytes allocated by the last `count()`, NaN where unknown. */
  readonly cells: Float64Array;
  count(): void;
}

export interface ListenResult {
  /** The actual one; absent: it does not listen. */
  address?: string;
  /** Why not, in words. */
  obstacle?: string;
  /** Somebody else listens there. */
  isTaken: boolean;
}

export interface SourceOptions {
  sampleIntervalMs: number;
  gcStatistics: boolean;
  leak: LeakOptions | false;
}

/** The fields of a rule: limits when given, values when crossed. */
export type Values = Record<
  'maxHeapUsedBytes' | 'maxUsedRatio' | 'maxRssBytes' | 'maxExternalBytes' | 'maxGcPauseMs' | 'maxGcTimeRatio' | 'maxGrowthBytesPerSecond',
  number
>;

export type Limits = Partial<Values>;

export interface SourceRule {
  id: number;
  limits: Limits;
  forMs: number;
  cooldownMs: number;
  /** One line on stderr. */
  log: boolean;
  /** A heap snapshot. */
  snapshot: boolean;
}

export interface Crossing {
  /** The rule's id. */
  rule: number;
  timeMs: number;
  values: Values;
}

export interface Drained {
  gc: Pause[];
  samples: Sample[];
  /** Events that were overwritten before this drain. */
  lost: number;
  /** The hooks are registered, GCs happen, and V8 calls nobody. */
  hookSilent: boolean;
  /** Rules that fired since, oldest first. */
  crossings: Crossing[];
  /** The verdict has become leak since. */
  leak: boolean;
}

type GcKindJson = Omit<GcKind, 'pause'> & { pause: PauseHistogramJson };

/** A report as it crosses from the native side: histograms and threads are still plain data. */
export type ReportJson = Omit<Report, 'gc' | 'threads' | 'toString'> & {
  gc: Omit<Report['gc'], 'all' | 'minor' | 'major' | 'incremental' | 'weak'>
    & Record<'all' | 'minor' | 'major' | 'incremental' | 'weak', GcKindJson>;
  threads: ReportJson[];
};

/** Where snapshots go that nobody waits for. */
export interface SnapshotTarget {
  folder: string;
  folderOwner?: number;
  maxFiles: number;
  maxBytes?: number;
  threadId: number;
}

/** A path of its own, or a folder. */
export interface SnapshotOrder {
  inline: boolean;
  allowInline: boolean;
  path?: string;
  folder?: string;
  folderOwner?: number;
  maxFiles: number;
  maxBytes?: number;
  threadId: number;
  timeoutMs: number;
  cooldownMs: number;
  headroomBytes?: number;
  /** The application does nothing else until it is there: the copy need not come last. */
  isAwaited?: boolean;
}

/** The exports of native.js; times in milliseconds, sizes in bytes, results with structure as JSON. */
export interface Binding {
  selfCheck(runtime: { v8: string; bun: boolean; heapStatistics: string }): string | null;
  attach(options: {
    threadId: number;
    isMainThread: boolean;
    timeOriginMs: number;
    nowMs: number;
    sampleIntervalMs: number;
    gcStatistics: boolean;
    oldGenerationLimitBytes: number;
  }): number;
  configure(reader: number, options: {
    sampleIntervalMs?: number;
    gcStatistics?: boolean;
    leak?: { minSpanMs: number; minMajors: number; assistMaxPauseMs?: number; assistEveryMs?: number };
  }): void;
  addRule(reader: number, rule: Limits & { id: number; forMs: number; cooldownMs: number; log: boolean; snapshot: boolean }): void;
  setSnapshotTarget(reader: number, target: SnapshotTarget): void;
  takeSnapshots(reader: number): string;
  oomArm(target: SnapshotTarget, waitMs?: number, headroomBytes?: number): boolean;
  oomDisarm(): void;
  removeRule(reader: number, id: number): void;
  tallyCells(reader: number): Float64Array;
  countAllocation(reader: number): void;
  health(reader: number): string;
  detach(reader: number): void;
  report(reader: number, arrayBuffersBytes: number): string;
  metrics(reader: number, arrayBuffersBytes: number, options: CheckedMetricsOptions): string;
  metricFamilies(reader: number, arrayBuffersBytes: number, promClient: boolean, prefix: string): string;
  listen(reader: number, options: Listen): ListenResult;
  unlisten(reader: number): void;
  timeline(reader: number): string;
  pauses(reader: number, sinceUnixMs: number): string;
  drain(reader: number): string;
  seen(reader: number, arrayBuffersBytes: number): void;
  reset(reader: number): void;
  gc(): string;
  /** Why snapshots cannot be taken by fork; null: they can be tried. */
  forkRefusal(): string | null;
  /** Somebody holds the lock of this incomplete file. */
  isBeingWritten(path: string): boolean;
  snapshotBegin(order: SnapshotOrder): string;
  liveBegin(limit: number, timeoutMs: number, headroomBytes?: number, isAwaited?: boolean): string;
  snapshotStep(id: number, prelude?: () => void): string;
  snapshotAbort(id: number): void;
  snapshotProgress(id: number): number;
  slope(xs: Float64Array, ys: Float64Array): { median: number; low: number; high: number; isBounded: boolean } | null;
  encodeHdr(buckets: Float64Array): Uint8Array;
  v8Version(): string;
}
