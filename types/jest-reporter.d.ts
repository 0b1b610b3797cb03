/** Prints what each test file leaves in the heap, to stderr, at the end of the run: for `reporters`. Takes no options. It needs `heapwatch/jest-environment`. */
declare class HeapwatchReporter {
  constructor(globalConfig: { rootDir: string });
  onRunStart(): void;
  onTestFileResult(): void;
  onRunComplete(): Promise<void>;
}

export = HeapwatchReporter;
