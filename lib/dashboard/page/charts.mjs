// @ts-nocheck: runs in a browser

import { formatBytes, formatMs, formatPercent, formatRate } from '../../terminal/units.js';
import { BYTE_STEPS, Chart, limitLine } from './plot.mjs';
import { signedRate, trend } from './words.mjs';

// The five charts. Each is a description over `view`: { state, history, range, nowMs }, which is read anew at each drawing.

/** Shortest stretch of time that is shown. */
const MIN_SPAN_MS = 20_000;

/** The heap from below: the last is what the others leave of it. */
const LAYERS = [
  ['old objects', 'layer1', ({ oldSpaceUsed }) => oldSpaceUsed],
  ['large objects', 'layer2', ({ largeSpacesUsed }) => largeSpacesUsed],
  ['young objects', 'layer3', ({ youngUsed }) => youngUsed],
  ['code and other', 'layer4', ({ heapUsed, oldSpaceUsed, largeSpacesUsed, youngUsed }) => Math.max(0, heapUsed - oldSpaceUsed - largeSpacesUsed - youngUsed)],
];

const KINDS = [['minor', 'minor'], ['major', 'major'], ['incremental', 'steps of marking'], ['weak', 'weak callbacks']];

const at = (values, index) => (index === null ? values.findLast((value) => value !== null && value !== undefined) : values[index]);
/** As a tick has it: 10 MB, not 10.0 MB. */
const round = (format) => (value) => (value === 0 ? '0' : format(value).replace(/\.0+ /, ' '));
const byteAxis = { values: (_, splits) => splits.map(round(formatBytes)), incrs: BYTE_STEPS };
const fromZero = (least) => ({ range: (_, low, high) => [0, Math.max(high ?? 0, least) * 1.08] });

/** The time that is shown: what the range reaches back, but not before the beginning. */
function spanOf({ range, nowMs }) {
  const first = range.points[0]?.timeMs ?? nowMs;
  return [Math.min(Math.max(nowMs - range.spanMs, first), nowMs - MIN_SPAN_MS), nowMs];
}

const layersOf = (point) => LAYERS.map(([, , used]) => used(point));

function memoryChart(view) {
  let shown = null;
  const columns = () => {
    const { points } = view.range;
    const layers = points.map(layersOf);
    // What is on top is drawn first and hidden by what is below it.
    const sums = LAYERS.map((_, i) => layers.map((row) => row.slice(0, i + 1).reduce((sum, value) => sum + value, 0)));
    const external = points.map((point) => point.heapUsed + point.external);
    shown = { layers, points };
    return [points.map(({ timeMs }) => timeMs), external, ...sums.reverse(), points.map(({ rss }) => rss)];
  };
  const limits = ({ state }) => [[state.heapLimit, 'V8 heap limit', 'leak'], [state.containerLimit, 'container limit', 'warn']].filter(([limit]) => limit > 0);
  return new Chart({
    id: 'memory', title: 'Memory', wide: true, height: 300, label: 'Memory over time', data: columns, span: () => spanOf(view),
    note: () => limits(view).filter(([limit]) => limit > shown.top).map(([limit, name]) => `${name} ${formatBytes(limit)}, above the picture`).join(' · '),
    options: (paint) => ({
      y: byteAxis,
      scales: { y: { range: (_, low, high) => [0, shown.top = scaleTop(high ?? 0, limits(view).map(([limit]) => limit))] } },
      series: [
        { stroke: paint.external, width: 1, fill: paint.externalFill, points: { show: false } },
        ...LAYERS.toReversed().map(([, colour]) => ({ stroke: paint[colour], width: 1, fill: paint[colour], points: { show: false } })),
        { stroke: paint.ink, width: 1.5, points: { show: false } },
      ],
      hooks: { draw: [(plot) => { for (const [limit, name, colour] of limits(view)) limitLine(plot, limit, `${name} ${formatBytes(limit)}`, paint[colour]); }] },
    }),
    legend: (paint, index) => {
      const { points, layers } = shown;
      const i = index ?? points.length - 1;
      const { rss, external } = index === null ? view.state : points[i] ?? {};
      const row = index === null ? layersOf(view.state) : layers[i] ?? [];
      return [
        { name: 'RSS', colour: paint.ink, line: 'line', value: formatBytes(rss) },
        { name: 'external', colour: paint.external, value: formatBytes(external) },
        ...LAYERS.map(([name, colour], layer) => ({ name, colour: paint[colour], value: formatBytes(row[layer]) })).reverse(),
      ];
    },
  });
}

/** A limit belongs into the picture if what is drawn is not flattened by it. */
function scaleTop(high, limits) {
  const near = limits.filter((limit) => limit < Math.max(high, 1) * 2.5);
  return Math.max(high * 1.1, ...near.map((limit) => limit * 1.08), 1024 ** 2);
}

/** What stays: the heap after each major GC, its trend, and where that leads. */
function floorChart(view) {
  const parts = () => {
    const { state, history, range, nowMs } = view;
    const { growth, heapLimit } = state;
    const [from] = spanOf(view);
    const majors = history.pauses.filter(({ heapUsedAfter, timeMs }) => heapUsedAfter !== null && timeMs >= from);
    const line = range.points.filter(({ heapAfterLastMajorGc }) => heapAfterLastMajorGc !== null);
    const { bytesPerSecond, interval } = growth.parts.heap;
    const start = Math.max(from, nowMs - growth.spanMs);
    const within = majors.filter(({ timeMs }) => timeMs >= start).map(({ timeMs, heapUsedAfter }) => [timeMs, heapUsedAfter]);
    const used = within.length >= 3 ? within : line.filter(({ timeMs }) => timeMs >= start).map((point) => [point.timeMs, point.heapAfterLastMajorGc]);
    const hasTrend = growth.samples >= 3 && used.length >= 3;
    const middle = hasTrend ? [0, 1].map((i) => used.reduce((sum, pair) => sum + pair[i], 0) / used.length) : null;
    const lasting = nowMs - from;
    const { earliest, latest } = growth.limitInMs ?? { earliest: Infinity, latest: null };
    const far = growth.verdict === 'leak' ? (latest ?? earliest * 1.5) : Infinity;
    const ahead = !hasTrend || growth.verdict === 'clean' ? 0 : far < lasting * 3 ? far * 1.05 : lasting * 0.35;
    const value = (slope, timeMs) => Math.max(0, middle[1] + (slope * (timeMs - middle[0])) / 1000);
    return { from, until: nowMs + ahead, majors, line, start, hasTrend, value, slopes: [bytesPerSecond, ...interval], ahead, heapLimit };
  };
  let now = null;
  return new Chart({
    id: 'floor', title: 'What stays after major GCs', height: 240, sync: false, label: 'Heap after each major garbage collection, with its trend', note: () => trend(view.state),
    span: () => [now.from, now.until],
    data: () => {
      now = parts();
      const { majors, line, start, until, hasTrend, value, slopes, ahead } = now;
      const tables = [[line.map(({ timeMs }) => timeMs), line.map((point) => point.heapAfterLastMajorGc)], [majors.map(({ timeMs }) => timeMs), majors.map(({ heapUsedAfter }) => heapUsedAfter)]];
      const ends = hasTrend ? [start, view.nowMs, ...(ahead > 0 ? [until] : [])] : [];
      tables.push([ends, ...slopes.map((slope) => ends.map((time) => value(slope, time)))]);
      const filled = tables.map((table) => (table[0].length > 0 ? table : [[view.nowMs], ...table.slice(1).map(() => [null])]));
      return uPlot.join(filled);
    },
    options: (paint) => ({
      y: byteAxis,
      scales: { y: { range: (_, low, high) => [0, scaleTop(high ?? 0, [now.heapLimit])] } },
      bands: [{ series: [5, 4], fill: paint.cone }, { series: [4, 5], fill: paint.cone }],
      series: [
        { stroke: paint.layer1, width: 1.25, spanGaps: true, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false } },
        { paths: () => null, points: { show: true, size: 6, fill: paint.layer1, stroke: paint.card, width: 1 } },
        { stroke: paint.trend, width: 1.75, dash: [7, 4], spanGaps: true, points: { show: false } },
        { stroke: 'transparent', width: 0, spanGaps: true, points: { show: false } },
        { stroke: 'transparent', width: 0, spanGaps: true, points: { show: false } },
      ],
      hooks: {
        draw: [(plot) => {
          limitLine(plot, now.heapLimit, `V8 heap limit ${formatBytes(now.heapLimit)}`, paint.leak);
          if (now.ahead > 0) nowLine(plot, view.nowMs, paint.dim);
        }],
      },
    }),
    legend: (paint) => [
      { name: 'alive', colour: paint.layer1, line: 'dot', value: formatBytes(view.state.heapAfterLastMajorGc) },
      { name: 'trend', colour: paint.trend, line: 'line', value: now.hasTrend ? signedRate(now.slopes[0]) : '–' },
    ],
  });
}

function nowLine(plot, nowMs, colour) {
  const { ctx, bbox: { top, height } } = plot;
  const x = plot.valToPos(nowMs, 'x', true);
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.globalAlpha = 0.6;
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, top + height);
  ctx.stroke();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = 'right';
  ctx.textBaseline = 'top';
  ctx.fillText('now', x - 4 * devicePixelRatio, top + 24 * devicePixelRatio);
  ctx.restore();
}

/** Every pause that is remembered; before those, the longest of each interval. */
function pauseChart(view) {
  return new Chart({
    id: 'pauses', title: 'GC pauses', height: 240, label: 'Garbage collection pauses', span: () => spanOf(view),
    note: () => (view.state.gc.all.count === 0 ? 'none yet' : `half within ${formatMs(view.state.gc.all.p50)}, 99 % within ${formatMs(view.state.gc.all.p99)}`),
    data: () => {
      const [from] = spanOf(view);
      const { pauses } = view.history;
      const shown = pauses.filter(({ timeMs }) => timeMs >= from);
      const before = view.range.points.filter(({ timeMs, maxPauseMs }) => maxPauseMs > 0 && timeMs < (pauses[0]?.timeMs ?? Infinity));
      const y = (pauseMs) => Math.max(pauseMs, 0.01);
      const tables = [[before.map(({ timeMs }) => timeMs), before.map(({ maxPauseMs }) => y(maxPauseMs))],
        ...KINDS.map((_, kind) => shown.filter((pause) => pause.kind === kind)).map((list) => [list.map(({ timeMs }) => timeMs), list.map(({ pauseMs }) => y(pauseMs))])];
      return uPlot.join(tables.map((table) => (table[0].length > 0 ? unique(table) : [[from], [null]])));
    },
    options: (paint) => {
      const dots = (fill, size) => ({ paths: () => null, points: { show: true, size, fill, stroke: fill, width: 0 } });
      return {
        y: { values: (_, splits) => splits.map(round(formatMs)), splits: (_, axis, low, high) => powers(low, high) },
        scales: { y: { distr: 3, range: (_, low, high) => [10 ** Math.floor(Math.log10(Math.max(0.01, Math.min(low || 0.1, 0.1)))), 10 ** Math.ceil(Math.log10(Math.max((high || 1) * 1.3, 10)))] } },
        series: [dots(paint.line, 4), dots(paint.minor, 5), dots(paint.major, 6), dots(paint.incremental, 5), dots(paint.weak, 5)],
        hooks: { draw: [(plot) => { const { p99, count } = view.state.gc.all; if (count > 0) limitLine(plot, p99, 'p99', paint.dim, { dash: [2, 4], side: 'right' }); }] },
      };
    },
    legend: (paint) => KINDS.filter(([kind]) => kind === 'minor' || kind === 'major' || view.state.gc[kind].count > 0)
      .map(([kind, name]) => ({ name, colour: paint[kind], line: 'dot', value: view.state.gc[kind].count === 0 ? '–' : `p99 ${formatMs(view.state.gc[kind].p99)}` })),
  });
}

/** Of ten, as the axis has room for them. */
function powers(low, high) {
  const [from, to] = [low, high].map((value) => Math.round(Math.log10(value)));
  return Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i));
}

/** Times must ascend, each once. */
function unique([xs, ys]) {
  const order = xs.map((_, i) => i).filter((i) => i === 0 || xs[i] > xs[i - 1]);
  return [order.map((i) => xs[i]), order.map((i) => ys[i])];
}

/** A value over time as an area. */
function areaChart(view, { value, colour, fill, axis, least, format, newest, name, ...spec }) {
  let ys = [];
  return new Chart({
    height: 180, span: () => spanOf(view), ...spec,
    data: () => {
      const { points } = view.range;
      ys = points.map((point) => value(point, view.range.lengthOf(point)));
      return [points.map(({ timeMs }) => timeMs), ys];
    },
    options: (paint) => ({
      y: axis, scales: { y: fromZero(least) },
      series: [{ stroke: paint[colour], width: 1.5, fill: paint[fill], points: { show: false } }],
    }),
    legend: (paint, index) => [{ name, colour: paint[colour], line: 'line', value: index === null ? newest() : format(at(ys, index)) }],
  });
}

export function makeCharts(view) {
  return [
    memoryChart(view),
    floorChart(view),
    pauseChart(view),
    areaChart(view, {
      id: 'share', title: 'Time in GC', label: 'Share of time in garbage collection', name: 'share', colour: 'major', fill: 'majorFill', least: 0.02,
      value: ({ gcMs }, lengthMs) => Math.min(1, gcMs / lengthMs), format: formatPercent, newest: () => `${formatPercent(view.state.gc.timeRatio.last10s)} of the last 10 s`,
      axis: { values: (_, splits) => splits.map(round(formatPercent)) },
      note: () => `${formatPercent(view.state.gc.timeRatio.last1m)} of the last minute, ${formatPercent(view.state.gc.timeRatio.lifetime)} since the start`,
    }),
    areaChart(view, {
      id: 'allocation', title: 'Allocation', label: 'Allocation rate', name: 'allocated', colour: 'minor', fill: 'minorFill', least: 1024 * 64,
      value: ({ allocatedBytes }, lengthMs) => (allocatedBytes * 1000) / lengthMs, format: formatRate, newest: () => formatRate(view.state.allocation.bytesPerSecond),
      axis: { values: (_, splits) => splits.map(round(formatRate)), incrs: BYTE_STEPS, size: 68 },
      note: () => `${formatRate(view.state.allocation.promotedBytesPerSecond)} grow old`,
    }),
  ];
}
