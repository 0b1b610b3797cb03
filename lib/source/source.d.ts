import type { GcKind, Pause, PauseHistogramJson, Report, Sample, Timeline } from '../../index';

/**
 * Where a watcher's numbers come from: the native part, or perf_hooks in its place. Everything above
 * (events, report classes, counting starts) knows only this.
 */
export interface Source {
  readonly name: Report['source'];
  /** How often `seen` must be called for samples to be taken in time; Infinity: samples come without it; null: never. */
  readonly tickMs: number | null;
  configure(options: { sampleIntervalMs?: number; gcStatistics?: boolean }): void;
  report(): ReportJson;
  timeline(): Timeline;
  pauses(sinceMs: number): Pause[];
  /** What happened since the last drain; null: nothing. */
  drain(): Drained | null;
  /** The JavaScript thread was here: hand over what only it can know. */
  seen(): void;
  reset(): void;
  detach(): void;
}

export interface SourceOptions {
  sampleIntervalMs: number;
  gcStatistics: boolean;
}

export interface Drained {
  gc: Pause[];
  samples: Sample[];
  /** Events that were overwritten before this drain. */
  lost: number;
  /** The hooks are registered, GCs happen, and V8 calls nobody. */
  hookSilent: boolean;
}

type GcKindJson = Omit<GcKind, 'pause'> & { pause: PauseHistogramJson };

/** A report as it crosses from the native side: histograms and threads are still plain data. */
export type ReportJson = Omit<Report, 'gc' | 'threads' | 'toString'> & {
  gc: Omit<Report['gc'], 'all' | 'minor' | 'major' | 'incremental' | 'weak'>
    & Record<'all' | 'minor' | 'major' | 'incremental' | 'weak', GcKindJson>;
  threads: ReportJson[];
};

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
  configure(reader: number, options: { sampleIntervalMs?: number; gcStatistics?: boolean }): void;
  detach(reader: number): void;
  report(reader: number, arrayBuffersBytes: number): string;
  timeline(reader: number): string;
  pauses(reader: number, sinceUnixMs: number): string;
  drain(reader: number): string;
  seen(reader: number, arrayBuffersBytes: number): void;
  reset(reader: number): void;
  gc(): string;
  v8Version(): string;
}
