'use strict';

// What OpenTelemetry calls what heapwatch measures. Under v8js.* the semantic conventions' own names (1.45, in development there), below
// heapwatch.* the rest. Units are UCUM's.

/** @typedef {'Counter' | 'UpDownCounter' | 'Gauge'} Kind */

/** Of this thread's heap spaces, by the fields of a report. @type {[field: 'size' | 'used' | 'available' | 'physical', name: string, description: string][]} */
const SPACES = [
  ['size', 'v8js.memory.heap.space.size', 'Total heap memory size pre-allocated for a heap space.'],
  ['used', 'v8js.memory.heap.used', 'Heap Memory size allocated.'],
  ['available', 'v8js.memory.heap.space.available_size', 'Heap space available size.'],
  ['physical', 'v8js.memory.heap.space.physical_size', 'Committed size of a heap space.'],
];

/**
 * Of each watched thread, by the names of the Prometheus families that hold them, with the sample's suffix where that has any.
 *
 * @type {[sample: string, name: string, kind: Kind, unit: string][]}
 */
const FAMILIES = [
  ['rss_bytes', 'heapwatch.rss', 'UpDownCounter', 'By'],
  ['container_limit_bytes', 'heapwatch.container.limit', 'UpDownCounter', 'By'],
  ['container_used_ratio', 'heapwatch.container.utilization', 'Gauge', '1'],
  ['memory_limit_bytes', 'heapwatch.memory.limit', 'UpDownCounter', 'By'],
  ['used_ratio', 'heapwatch.memory.utilization', 'Gauge', '1'],
  ['heap_used_bytes', 'heapwatch.heap.used', 'UpDownCounter', 'By'],
  ['heap_total_bytes', 'heapwatch.heap.committed', 'UpDownCounter', 'By'],
  ['heap_limit_bytes', 'heapwatch.heap.limit', 'UpDownCounter', 'By'],
  ['heap_used_ratio', 'heapwatch.heap.utilization', 'Gauge', '1'],
  ['heap_after_major_gc_bytes', 'heapwatch.heap.used_after_last_major_gc', 'UpDownCounter', 'By'],
  ['external_bytes', 'heapwatch.external.used', 'UpDownCounter', 'By'],
  ['array_buffers_bytes', 'heapwatch.array_buffers.used', 'UpDownCounter', 'By'],
  ['allocated_bytes', 'heapwatch.heap.allocated', 'Counter', 'By'],
  ['promoted_bytes', 'heapwatch.heap.promoted', 'Counter', 'By'],
  ['gc_pause_seconds_count', 'heapwatch.gc.count', 'Counter', '{gc}'],
  ['gc_pause_seconds_sum', 'heapwatch.gc.time', 'Counter', 's'],
  ['gc_freed_bytes', 'heapwatch.gc.freed', 'Counter', 'By'],
  ['gc_time_ratio', 'heapwatch.gc.utilization', 'Gauge', '1'],
  ['dropped_events', 'heapwatch.gc.dropped', 'Counter', '{gc}'],
  ['growth_bytes_per_second', 'heapwatch.growth.rate', 'Gauge', 'By/s'],
  ['growth_verdict', 'heapwatch.growth.verdict', 'Gauge', '1'],
  ['limit_seconds', 'heapwatch.limit.time', 'Gauge', 's'],
  ['sample_age_seconds', 'heapwatch.sample.age', 'Gauge', 's'],
];

/** Families that say what others here say. */
const LEFT_OUT = ['heap_space_used_bytes', 'heap_space_size_bytes'];

/** @type {Record<string, string>} */
const ATTRIBUTES = { kind: 'v8js.gc.type', thread: 'thread.id', window: 'heapwatch.window', verdict: 'heapwatch.verdict', bound: 'heapwatch.bound' };

/** @param {string} kind */
const gcType = (kind) => (kind === 'weak' ? 'weakcb' : kind);

/** @param {[string, string][]} labels @returns {Record<string, string | number>} */
function attributesOf(labels) {
  return Object.fromEntries(labels.map(([label, value]) => [ATTRIBUTES[label] ?? `heapwatch.${label}`, label === 'thread' ? Number(value) : label === 'kind' ? gcType(value) : value]));
}

module.exports = { SPACES, FAMILIES, LEFT_OUT, attributesOf, gcType };
