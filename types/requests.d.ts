/// <reference types="node" />

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PauseHistogram } from '../index';

export interface RequestTimingOptions {
  /**
   * Say on each response, as `Server-Timing: gc;dur=…`, how many milliseconds GC had stopped it until its head was written. What other handlers
   * put into that header stays. Whoever gets the responses sees it, in the browser's developer tools too: false where they should not. Default: true.
   */
  header?: boolean;
  /**
   * Share of the requests, chosen by chance, at which allocation is counted, from 0 (none) to 1 (all). A count takes some 4 µs at the beginning and at the end. Default: 0.05.
   */
  allocationSampling?: number;
  /** Routes that are told apart, 1 to 10,000; those that come later are counted as `other`. Each takes up to 21 KB. Default: 100. */
  maxRoutes?: number;
  /**
   * The name that a request is counted under, asked for once its response is over; undefined: the usual one, the method and the route's pattern. Answer patterns, not paths: there are as
   * many paths as somebody likes to ask for. Default: what Express, Fastify or @koa/router have found.
   */
  route?: (request: any, response: any) => string | undefined;
}

/**
 * What is asked for first: GC's share of the time, GC's time, bytes a request, bytes in all, the 99th percentile of durations, or the number of requests.
 */
export type RouteOrder = 'gcRatio' | 'gcMs' | 'bytesPerRequest' | 'bytes' | 'durationMs' | 'count';

export interface RouteTiming {
  /** `GET /users/:id`; `(no route)`: no route answered, as with a 404; `other`: see {@link RequestTimingOptions.maxRoutes}. */
  route: string;
  /** Requests that are over. */
  count: number;
  /** Of these, those whose client went before the end. */
  aborted: number;
  /** All durations added up, in milliseconds. */
  totalMs: number;
  /** From the middleware to the response's close, in milliseconds; buckets are 1.6 % wide. */
  duration: PauseHistogram;
  /** Of the requests that a GC stopped, and of those that none did: the difference is what GC does to latency. */
  durationWithGc: PauseHistogram;
  durationWithoutGc: PauseHistogram;
  gc: {
    /** Requests that a GC stopped. */
    count: number;
    /** For how long, in milliseconds. A pause stops every request that is on its way: it counts for each of them, in full. */
    totalMs: number;
    /** Share of the durations, from 0 to 1. */
    timeRatio: number;
    /** Milliseconds for each request that was stopped. */
    perRequest: PauseHistogram;
  };
  /**
   * What was allocated in V8's heap while these requests were on their way; null where nothing was counted yet, and with
   * `gcStatistics: false`. An estimate, on every Node: it is what the heap grew by, collections left out. While several are, they share it evenly by time: V8 does not know for whom it allocates. What other work (timers, queues) allocates meanwhile is in it, and some
   * hundred bytes of the middleware's own.
   */
  allocation: {
    /** Requests at which it was counted, see {@link RequestTimingOptions.allocationSampling}. */
    counted: number;
    /** The mean of these. */
    bytesPerRequest: number;
    /** For all requests of the route, by that mean. */
    totalBytes: number;
    /** Only those during which there was no other request: what was allocated is all theirs. Null: there was none. */
    alone: { counted: number; bytesPerRequest: number | null };
  } | null;
}

/** A middleware, and what it has seen. */
export interface RequestTiming {
  /** Express 4 and 5, Connect. */
  (request: IncomingMessage, response: ServerResponse, next: (error?: any) => void): void;
  /** node:http: as the server's first listener, or called by it. */
  (request: IncomingMessage, response: ServerResponse): void;
  /** Koa. */
  (context: { req: IncomingMessage; res: ServerResponse }, next: () => Promise<any>): Promise<any>;
  /** Fastify, as a hook `onRequest`. */
  (request: { raw: IncomingMessage }, reply: { raw: ServerResponse }, done: () => void): void;
  /**
   * What was seen since the start, or the last reset, largest first. As text (`String(timing.routes())`) a table for people.
   *
   * @throws {HeapwatchError} `HEAPWATCH_INVALID_OPTION`
   */
  routes(options?: { sortBy?: RouteOrder }): RouteTiming[];
  /** Forgets what was seen. Requests that are on their way count when they end. */
  reset(): void;
}
