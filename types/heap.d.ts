import type { SnapshotOptions } from './snapshot';

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
  /**
   * Those that retain most first. `distance`: steps from the globals; 100,000,000 and more: only the system reaches it. `holder` and `path`: who holds the member that
   * retains most, in words, and a way from the roots to it; empty where only weak references lead there.
   */
  classes: { name: string; location: string | null; count: number; shallow: number; retained: number; distance: number; holder: string; path: string[] }[];
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
