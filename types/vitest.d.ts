import 'vitest';
import type { MemoryMatchers } from './options';

declare module 'vitest' {
  interface Assertion<T = any> extends MemoryMatchers<Promise<void>> {}
}
