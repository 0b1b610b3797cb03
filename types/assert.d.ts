import type { AssertionOptions, KeepAliveOptions } from './options';

/** Rejected with an AssertionError when calls leave more behind than `toleranceBytes`. Await it. */
export function doesNotLeak(fn: () => unknown, options?: AssertionOptions): Promise<void>;
/** The opposite: that a planted leak is found. */
export function leaks(fn: () => unknown, options?: AssertionOptions): Promise<void>;
export function retainsLessThan(fn: () => unknown, bytes: number, options?: AssertionOptions): Promise<void>;
export function allocatesLessThan(fn: () => unknown, bytes: number, options?: AssertionOptions): Promise<void>;
export function pausesLessThan(fn: () => unknown, ms: number, options?: AssertionOptions): Promise<void>;
export function keepsAliveOnly(fn: () => unknown, options: KeepAliveOptions): Promise<void>;
/** `file` is the test's own (`__filename`). Updated with `--test-update-snapshots` or HEAPWATCH_UPDATE_BASELINES=1. */
export function matchesMemoryBaseline(fn: () => unknown, name: string, options: AssertionOptions & { file: string }): Promise<void>;
