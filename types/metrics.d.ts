import type { RequestTiming } from './requests';

export interface MetricsOptions {
  /** Default: `'prometheus'`, the text format 0.0.4. `'openmetrics'`: OpenMetrics 1.0.0. */
  format?: 'prometheus' | 'openmetrics';
  /**
   * Default: `'heapwatch'`, names that begin with `heapwatch_`. `'prom-client'`: the names of prom-client's default metrics about
   * memory and GC, of this thread, so that dashboards made for those go on: `nodejs_gc_duration_seconds`, `nodejs_heap_size_used_bytes` and so on.
   */
  names?: 'heapwatch' | 'prom-client';
  /** Before every name. Default: none. */
  prefix?: string;
  /** On every sample. Default: none. */
  labels?: Record<string, string | number>;
  /** What `requestTiming()` returned: its figures by route come with the rest, as with {@link InstrumentPrometheusOptions.requests}. Default: none. */
  requests?: RequestTiming;
}

export interface InstrumentPrometheusOptions {
  /** As in {@link MetricsOptions}. `'prom-client'` collides with the client's own default metrics about GC and heap: leave those out, or see `replace`. */
  names?: 'heapwatch' | 'prom-client';
  /** Before every name. Default: none. */
  prefix?: string;
  /** Takes metrics of the same names out of the registry first: after the client's `collectDefaultMetrics()`, to keep its others. Default: false. */
  replace?: boolean;
  /**
   * What `requestTiming()` returned: its figures by route come with the rest, `heapwatch_request_duration_seconds` (`stopped`: whether a GC stopped the request),
   * `heapwatch_request_gc_seconds_total`, `heapwatch_request_aborted_total`, and `heapwatch_request_allocation_sampled_bytes_total` over `heapwatch_request_allocation_samples_total`. Default: none.
   */
  requests?: RequestTiming;
}

export interface InstrumentOpenTelemetryOptions {
  /** The buckets that `v8js.gc.duration` is advised to have, in seconds, rising. A view of the SDK's goes before it. Default: 17 from 100 µs to 10 s. */
  gcDurationBoundaries?: number[];
}

/** What is used of a `Meter` of @opentelemetry/api. */
export interface OpenTelemetryMeter {
  createHistogram(name: string, options?: any): { record(value: number, attributes?: any): void };
  createObservableCounter(name: string, options?: any): any;
  createObservableUpDownCounter(name: string, options?: any): any;
  createObservableGauge(name: string, options?: any): any;
  addBatchObservableCallback(callback: (result: any) => void, observables: any[]): void;
  removeBatchObservableCallback(callback: (result: any) => void, observables: any[]): void;
}

export interface OpenTelemetryResult {
  observe(instrument: any, value: number, attributes?: any): void;
}

/** What is used of a client's `Registry`. */
export interface PrometheusRegistry {
  registerMetric(metric: any): void;
  removeSingleMetric(name: string): void;
}
