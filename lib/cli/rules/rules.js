'use strict';

/** @typedef {import('./options').RuleOptions} RuleOptions */
/** @typedef {{ alert: string, expr: string, forMs: number, summary: string, description: string }} Alert */
/** @typedef {{ record: string, expr: string }} Recording */

const MINUTE_MS = 60_000;

/** What holds for less is not worth waking somebody: the verdict itself took an hour. */
const STATE_MS = 5 * MINUTE_MS;

/** A forecast comes before the verdict and jumps about at first. */
const FORECAST_MS = 15 * MINUTE_MS;

const WHERE = '{{ $labels.instance }}, thread {{ $labels.thread }}';

/**
 * @param {RuleOptions} options
 * @returns {Alert[]}
 */
function alerts({ forMs, limitWithinMs, gcShare, droppedOverMs, ...where }) {
  /** @param {string} name @param {string} [matchers] */
  const of = (name, matchers) => series(where, name, matchers);
  return [
    {
      alert: 'HeapwatchMemoryLeak',
      expr: `${of('growth_verdict', 'verdict="leak"')} == 1`,
      forMs: forMs ?? STATE_MS,
      summary: `Memory leaks in ${WHERE}.`,
      description: `What stays after major garbage collections grows without end. report().growth says where and since when; two heap snapshots and \`heapwatch diff\` say who holds it.`,
    },
    {
      alert: 'HeapwatchLimitNear',
      expr: `${of('limit_seconds', 'bound="earliest"')} < ${limitWithinMs / 1000}`,
      forMs: forMs ?? FORECAST_MS,
      summary: `Memory of ${WHERE} may hit its limit in {{ $value | humanizeDuration }}.`,
      description: "If it goes on growing as it does, V8's limit or the container's is reached then, at the earliest. Restart it in an orderly way before that.",
    },
    {
      alert: 'HeapwatchGcShare',
      expr: `${of('gc_time_ratio', 'window="1m"')} > ${gcShare}`,
      forMs: forMs ?? STATE_MS,
      summary: `Garbage collection takes {{ $value | humanizePercentage }} of the time of ${WHERE}.`,
      description: 'Requests wait for it. Either the heap is nearly full (heapwatch_used_ratio), or the program makes garbage faster than before (heapwatch_allocated_bytes_total).',
    },
    {
      alert: 'HeapwatchDroppedEvents',
      expr: `increase(${of('dropped_events_total')}[${promDuration(droppedOverMs)}]) > 0`,
      forMs: 0,
      summary: `heapwatch lost garbage collections of ${WHERE}.`,
      description: 'They came too fast to be recorded, and are missing in every other number of this thread.',
    },
  ];
}

/**
 * What dashboards over thousands of processes ask for, computed once: by job, without instance and thread.
 *
 * @param {RuleOptions} options
 * @returns {Recording[]}
 */
function recordings(options) {
  /** @param {string} name @param {string} [matchers] */
  const of = (name, matchers) => series(options, name, matchers);
  const job = `job:${options.prefix}heapwatch`;
  return [
    { record: `${job}_gc_pause_seconds_bucket:rate5m`, expr: `sum by (job, kind, le) (rate(${of('gc_pause_seconds_bucket')}[5m]))` },
    { record: `${job}_gc_pause_seconds_sum:rate5m`, expr: `sum by (job, kind) (rate(${of('gc_pause_seconds_sum')}[5m]))` },
    { record: `${job}_gc_pause_seconds_count:rate5m`, expr: `sum by (job, kind) (rate(${of('gc_pause_seconds_count')}[5m]))` },
    { record: `${job}_heap_used_bytes:sum`, expr: `sum by (job) (${of('heap_used_bytes')})` },
    { record: `${job}_rss_bytes:sum`, expr: `sum by (job) (${of('rss_bytes')})` },
    { record: `${job}_used_ratio:max`, expr: `max by (job) (${of('used_ratio')})` },
    { record: `${job}_limit_seconds:min`, expr: `min by (job) (${of('limit_seconds', 'bound="earliest"')})` },
    { record: `${job}_growth_verdict:count`, expr: `sum by (job, verdict) (${of('growth_verdict')})` },
    { record: `${job}_allocated_bytes:rate5m`, expr: `sum by (job) (rate(${of('allocated_bytes_total')}[5m]))` },
  ];
}

/**
 * @param {Pick<RuleOptions, 'prefix' | 'select'>} where
 * @param {string} name
 * @param {string} [matchers]
 */
function series({ prefix, select }, name, matchers) {
  const all = [matchers, select].filter(Boolean).join(',');
  return `${prefix}heapwatch_${name}${all === '' ? '' : `{${all}}`}`;
}

/**
 * The file for `rule_files`. Texts are written as JSON, which YAML contains.
 *
 * @param {RuleOptions} options
 */
function toYaml(options) {
  const lines = ['# Made by `heapwatch rules`; its options change the thresholds.', 'groups:', '  - name: heapwatch', '    rules:'];
  for (const { alert, expr, forMs, summary, description } of alerts(options)) {
    lines.push(
      `      - alert: ${alert}`,
      `        expr: ${JSON.stringify(expr)}`,
      ...(forMs > 0 ? [`        for: ${promDuration(forMs)}`] : []),
      '        labels:',
      `          severity: ${JSON.stringify(options.severity)}`,
      '        annotations:',
      `          summary: ${JSON.stringify(summary)}`,
      `          description: ${JSON.stringify(description)}`,
    );
  }
  if (options.recording) {
    lines.push('  - name: heapwatch-fleet', '    rules:');
    for (const { record, expr } of recordings(options)) lines.push(`      - record: ${record}`, `        expr: ${JSON.stringify(expr)}`);
  }
  return lines.join('\n');
}

/** Prometheus takes whole numbers of one unit. @param {number} ms */
function promDuration(ms) {
  const whole = Math.max(1, Math.round(ms));
  for (const [unit, each] of /** @type {const} */ ([['h', 3_600_000], ['m', MINUTE_MS], ['s', 1000]])) if (whole % each === 0) return `${whole / each}${unit}`;
  return `${whole}ms`;
}

module.exports = { toYaml };
