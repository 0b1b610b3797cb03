import type { MeasureOptions } from '../index';

export interface AssertionOptions extends MeasureOptions {
  /** What cannot be told fails, instead of passing with a warning. Default: false. */
  strict?: boolean;
}

/** Classes of which no further instance, or at most so many, may be alive afterwards. */
export interface KeepAliveOptions {
  classes: (Function | [type: Function, atMost: number])[];
}

export interface MemoryMatchers<R> {
  /** Used as `not.toLeak()`: no call leaves more behind than `toleranceBytes`. */
  toLeak(options?: AssertionOptions): R;
  /** A call leaves less behind than that. */
  toRetainLessThan(bytes: number, options?: AssertionOptions): R;
  /** A call allocates less than that in V8's heap, whether it stays or not. */
  toAllocateLessThan(bytes: number, options?: AssertionOptions): R;
  /** No collection that the calls cause takes as long, in milliseconds. */
  toPauseLessThan(ms: number, options?: AssertionOptions): R;
  /** After one call, no more instances of these classes are alive than before it. In Jest, whose realms `v8.queryObjects` cannot see, they are counted by the class's name, without subclasses: that takes seconds, and Linux. */
  toKeepAliveOnly(options: KeepAliveOptions): R;
  /** Not significantly more than in `__memory__/<test file>.json`; updated with the runner's `-u`. */
  toMatchMemoryBaseline(name: string, options?: AssertionOptions): R;
}
