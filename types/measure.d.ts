import type { gc, measure } from '../index';
import type { GcKind } from './report';

export interface MeasureOptions {
  /** Bytes a call may retain without counting as a leak; above 0. Clean code leaves 10 to 130. Default: 256. */
  toleranceBytes?: number;
  /** Time budget in milliseconds, above 0, at most a week. Default: 3000. */
  maxMs?: number;
  /** Calls in flight at once, 1 to 10,000. Default: 1. */
  concurrency?: number;
  /** Run and awaited before each round of calls, warm-up included; what it leaves behind counts, what it allocates does not. */
  setup?: () => unknown;
  /** Likewise after each, also after one that failed. */
  teardown?: () => unknown;
  /** Aborting rejects the promise with the signal's reason, also while a call is waited for. */
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
  /** In V8's heap: its growth between collections, on average over the rounds. */
  allocatedBytesPerCall: number;
  /** Within which its median over the rounds lies, with 99 % from 15 rounds on; from the lowest round to the highest if there are fewer. `[0, Infinity]`: there was no time for one, and nothing is known. */
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
