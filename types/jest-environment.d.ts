/** Jest's Node environment, with a look at the heap before each test file and after its teardown: for `testEnvironment`. */
declare class HeapwatchEnvironment {
  constructor(config: any, context: any);
  setup(): Promise<void>;
  teardown(): Promise<void>;
}

declare namespace HeapwatchEnvironment {
  export { HeapwatchEnvironment as TestEnvironment };
  /**
   * The same over another environment of Jest's.
   *
   * @example
   * module.exports = withHeapwatch(require('jest-environment-jsdom').TestEnvironment);
   */
  export function withHeapwatch<T extends new (...args: any[]) => any>(Base: T): T;
}

export = HeapwatchEnvironment;
