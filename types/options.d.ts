import type { MeasureOptions } from '../index';

export interface AssertionOptions extends MeasureOptions {
  /** What cannot be told fails, instead of passing with a warning (`HeapwatchWarning`, code `HEAPWATCH_INCONCLUSIVE`). Default: false. */
  strict?: boolean;
}

/** Classes of which no further instance, or at most so many, may be alive afterwards. */
export interface KeepAliveOptions {
  classes: (Function | [type: Function, atMost: number])[];
}

/**
 * All of them are awaited, and take a function, not its result. They reject with a {@link HeapwatchError}: `HEAPWATCH_INVALID_OPTION` for what is no function or no
 * option, `HEAPWATCH_BUSY` inside of a function that is being measured, `HEAPWATCH_UNSUPPORTED` without the native part.
 *
 * @example
 * await expect(() => handler(request)).not.toLeak({ maxMs: 15_000 });
 */
export interface MemoryMatchers<R> {
  /** Used as `not.toLeak()`: on average, calls leave no more behind than `toleranceBytes`. What cannot be told fails the positive form. */
  toLeak(options?: AssertionOptions): R;
  /** A call leaves less behind than that, by the whole 99 % interval; with `not`, more, likewise. The limit takes the place of `toleranceBytes`. */
  toRetainLessThan(bytes: number, options?: Omit<AssertionOptions, 'toleranceBytes'>): R;
  /** A call allocates less than that in V8's heap on average, whether it stays or not. Not known where there was no time for a round of calls. */
  toAllocateLessThan(bytes: number, options?: AssertionOptions): R;
  /** No collection that the calls cause takes as long, in milliseconds. Not known where they caused none. */
  toPauseLessThan(ms: number, options?: AssertionOptions): R;
  /**
   * After one call, no more instances of these classes are alive than before it. In Jest, whose realms `v8.queryObjects` cannot see, they are counted by the class's name,
   * without subclasses, which takes seconds and works on Linux only.
   *
   * @example
   * await expect(() => login(user)).toKeepAliveOnly({ classes: [Request, [Session, 1]] });
   */
  toKeepAliveOnly(options: KeepAliveOptions): R;
  /** Not significantly more than in `__memory__/<test file>.json`, for this Node major; updated with the runner's `-u`. Cannot be negated. */
  toMatchMemoryBaseline(name: string, options?: AssertionOptions): R;
}
