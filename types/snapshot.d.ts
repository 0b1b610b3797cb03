import type { Bytes } from './watch';

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

/** A snapshot that waits for somebody to look at it. */
export interface PendingSnapshot {
  /** Absolute. */
  path: string;
  bytes: number;
  /**
   * `classes`: memory was too short for a snapshot at the heap limit. The file is JSON: `classes` are pairs of a class's name and how many objects of it were reachable,
   * the most frequent first, 500 at most; `objects` is the sum of all.
   *
   * `refused`: not even that could be had at the heap limit. The file is JSON and says why: `code`, `reason` and `message` as of the error, `heapUsedBytes`, `neededBytes`, `freeBytes`
   * and `containerLimitBytes` (null: unknown, or no container).
   */
  kind: 'snapshot' | 'classes' | 'refused';
  /** What it was taken for. */
  reason: 'oom' | 'threshold';
  /** The process that it shows. */
  pid: number;
  threadId: number;
  /** When it was begun (a rule's: complete), in Unix milliseconds. */
  timeMs: number;
}
