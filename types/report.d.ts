import type { gc } from '../index';
import type { LeakOptions } from './watch';

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
  /** The last 16 times that the verdict became another one, oldest first; it begins as inconclusive. */
  changes: { timeMs: number; verdict: 'leak' | 'clean' | 'inconclusive' }[];
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
  /**
   * In HdrHistogram's own form (V2, compressed, base64), in nanoseconds, as its implementations in other languages and its tools read it. Pauses
   * of more than an hour (`exceeds`) are not in it.
   *
   * @throws {HeapwatchError} `HEAPWATCH_UNSUPPORTED`: no native part.
   * @example
   * const { decodeFromCompressedBase64 } = require('hdr-histogram-js');
   * decodeFromCompressedBase64(report.gc.major.pause.toHdrBase64()).getValueAtPercentile(99) / 1e6; // ms
   */
  toHdrBase64(): string;
  /** All pauses of several histograms, or of their JSON: counts are exact, and percentiles those of one histogram that had seen all of them. */
  static merge(histograms: (PauseHistogram | PauseHistogramJson)[]): PauseHistogram;
  /** From what `toJSON()` gave, in this process or another. */
  static from(json: PauseHistogramJson): PauseHistogram;
}

/** Many reports in one: see `mergeReports()`. Sums over threads, but where it says otherwise. */
export interface MergedReport {
  schemaVersion: 1;
  processes: number;
  /** Reports that are in it. */
  watchedThreads: number;
  /** Of each process once. */
  rss: number;
  heapTotal: number;
  heapUsed: number;
  external: number;
  arrayBuffers: number;
  /** The largest. */
  usedRatio: number;
  /** The largest. */
  heapUsedRatio: number;
  /** `timeRatio`: the largest. */
  gc: Report['gc'];
  /** Summed. */
  allocation: Omit<Report['allocation'], 'survivalRatio'>;
  /** How many threads have which verdict. */
  verdicts: Record<Growth['verdict'], number>;
  /** The least of {@link Growth.limitInMs}; null: no limit is in sight. */
  limitInMs: number | null;
  /** One line for a log. */
  toString(): string;
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
  /** Of `heapUsed`, the young generation: V8's `new_space` and `new_large_object_space`. What none of the three holds is code, and what V8 needs itself. */
  youngUsed: number;
  /** Of `heapUsed`, V8's `old_space`: objects that two minor GCs have spared. */
  oldSpaceUsed: number;
  /** Of `heapUsed`, V8's `large_object_space` and `code_large_object_space`: objects that have pages of their own. */
  largeSpacesUsed: number;
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
