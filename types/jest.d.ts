import type { MemoryMatchers } from './options';

declare global {
  namespace jest {
    interface Matchers<R, T = {}> extends MemoryMatchers<Promise<void>> {}
  }
}

declare module '@jest/expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends MemoryMatchers<Promise<void>> {}
}

declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends MemoryMatchers<Promise<void>> {}
}

export {};
