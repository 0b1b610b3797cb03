import type { AssertionOptions, KeepAliveOptions } from './options';

/**
 * Rejected with an AssertionError when calls leave more behind than `toleranceBytes`, on average. Await it.
 *
 * @example
 * test('keeps nothing', { timeout: 30_000 }, () => doesNotLeak(() => handler(request)));
 */
export function doesNotLeak(fn: () => unknown, options?: AssertionOptions): Promise<void>;
/** The opposite: that a planted leak is found. */
export function leaks(fn: () => unknown, options?: AssertionOptions): Promise<void>;
/** A call leaves less behind than that many bytes. The limit takes the place of `toleranceBytes`. */
export function retainsLessThan(fn: () => unknown, bytes: number, options?: Omit<AssertionOptions, 'toleranceBytes'>): Promise<void>;
/** A call allocates less than that many bytes in V8's heap, whether they stay or not. */
export function allocatesLessThan(fn: () => unknown, bytes: number, options?: AssertionOptions): Promise<void>;
/** No collection that the calls cause takes as long, in milliseconds. */
export function pausesLessThan(fn: () => unknown, ms: number, options?: AssertionOptions): Promise<void>;
/** After one call, no more instances of these classes are alive than before it, or at most so many. */
export function keepsAliveOnly(fn: () => unknown, options: KeepAliveOptions): Promise<void>;
/** `file` is the test's own (`__filename`, `import.meta.url`). Updated with `--test-update-snapshots` or HEAPWATCH_UPDATE_BASELINES=1. */
export function matchesMemoryBaseline(fn: () => unknown, name: string, options: AssertionOptions & { file: string }): Promise<void>;
