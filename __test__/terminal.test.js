'use strict';

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { bar } = require('../lib/terminal/bar.js');
const { chart, sparkline } = require('../lib/terminal/chart.js');
const { wantsColour } = require('../lib/terminal/colour.js');
const { renderReport } = require('../lib/terminal/report.js');
const { toCells, wholeLife } = require('../lib/terminal/series.js');
const { table } = require('../lib/terminal/table.js');
const { widthOf, wrap } = require('../lib/terminal/text.js');
const units = require('../lib/terminal/units.js');
const { literalReport, emptyReport, literalTimeline, literalPauses } = require('./fixtures/literal-report.js');

const WIDTHS = [40, 80, 200];
const SECTIONS = ['Memory', 'Limits', 'Heap used over time', 'Garbage collection', 'GC share and traffic', 'Heap after each major GC'];

const watched = (report = literalReport()) => ({ report, timeline: literalTimeline(), pauses: literalPauses() });

function assertFits(output, columns) {
  for (const line of output.split('\n')) assert.ok(widthOf(line) <= columns, `${widthOf(line)} columns: ${line}`);
}

function assertReadable(output) {
  assert.doesNotMatch(output, /NaN|Infinity|undefined|null|\[object/);
  assert.doesNotMatch(output, /[ \t]$/m, 'no line ends in spaces');
}

describe('the report in a terminal', () => {
  for (const columns of WIDTHS) {
    test(`fits ${columns} columns with every section, coloured or not`, () => {
      for (const colour of [false, true]) {
        const output = renderReport(watched(), { columns, colour });
        assertFits(output, columns);
        // eslint-disable-next-line no-control-regex -- colour codes are control characters
        const plain = output.replace(/\u001b\[\d+m/g, '');
        assertReadable(plain);
        for (const title of SECTIONS) assert.match(plain, new RegExp(`^${title}$`, 'm'));
        assert.equal(plain, renderReport(watched(), { columns, colour: false }), 'colour changes no character');
      }
    });

    test(`fits ${columns} columns where nothing has happened yet`, () => {
      for (const timeline of [null, undefined, { tiers: [] }, { tiers: [{ intervalMs: 1000, points: [] }] }]) {
        const output = renderReport({ report: emptyReport(), timeline, pauses: [] }, { columns });
        assertFits(output, columns);
        assertReadable(output);
        assert.match(output, /no major GC yet/);
        assert.match(output, /nothing sampled yet/);
        assert.match(output, /container +no limit/);
      }
    });

    test(`fits ${columns} columns with the largest numbers that there are`, () => {
      const report = inflate(literalReport());
      const timeline = inflate(literalTimeline());
      const pauses = literalPauses().map((pause) => ({ ...inflate(pause), kind: 'major', timeMs: pause.timeMs }));
      const output = renderReport({ report, timeline, pauses }, { columns });
      assertFits(output, columns);
      assertReadable(output);
    });

    test(`fits ${columns} columns where every number is missing`, () => {
      const report = { ...blank(literalReport()), pid: 1, threadId: 0 };
      const output = renderReport({ report, timeline: null, pauses: [] }, { columns });
      assertFits(output, columns);
      assertReadable(output);
    });
  }

  test('has no colour unless asked for', () => {
    assert.ok(!renderReport(watched()).includes('\u001b'));
    assert.ok(renderReport(watched(), { colour: true }).includes('\u001b'));
  });

  test('takes 80 columns where the terminal does not know its own width', () => {
    const expected = renderReport(watched(), { columns: 80 });
    for (const columns of [undefined, 0, NaN]) assert.equal(renderReport(watched(), { columns }), expected);
  });

  test('shows each kind of GC with its figures', () => {
    const output = renderReport(watched(), { columns: 80 });
    assert.match(output, /^ {2}kind +count +total +p50 +p99 +max +freed$/m);
    assert.match(output, /^ {2}minor +431 +312 ms +0\.58 ms +3\.10 ms +5\.90 ms +1\.7 GB$/m);
    assert.match(output, /^ {2}incremental +61 .* –$/m);
  });

  test('reads histograms that have methods like those that came through JSON', () => {
    const alive = literalReport();
    for (const name of Object.keys(alive.gc)) {
      const { pause } = alive.gc[name];
      if (pause === undefined) continue;
      const { percentiles } = pause;
      pause.percentile = (p) => percentiles[`p${p}`];
      pause.percentiles = new Map();
    }
    assert.equal(renderReport(watched(alive)), renderReport(watched()));
  });

  test('lists the heap after each major GC and says in a sentence how it moved', () => {
    const output = renderReport(watched(), { columns: 100 });
    assert.match(output, /^ +\+0\.4 s +11\.2 MB {2}█.*freed 14\.5 MB in 3\.50 ms$/m);
    assert.match(output, /66\.9 MB .*forced$/m);
    assert.match(flat(output), /The heap after major GCs rose from 11\.2 MB to 66\.9 MB over 7 of them in 11\.2 s \(\+55\.7 MB, \+5\.0 MB\/s\)/);
    assert.doesNotMatch(output, /is a leak\b(?! or)/);
  });

  test('says that the floor fell or stayed, and nothing of one GC alone', () => {
    const majors = literalPauses().filter((pause) => pause.kind === 'major');
    const fell = majors.map((pause, at) => ({ ...pause, heapUsedAfter: majors[majors.length - 1 - at].heapUsedAfter }));
    const stayed = majors.map((pause) => ({ ...pause, heapUsedAfter: 1024 * 1024 }));
    const say = (pauses) => flat(renderReport({ ...watched(), pauses }));
    assert.match(say(fell), /fell from 66\.9 MB to 11\.2 MB .* \(−55\.7 MB, −5\.0 MB\/s\)/);
    assert.match(say(stayed), /stayed at 1\.0 MB over 7 of them in 11\.2 s;/);
    assert.match(say(majors.slice(0, 1)), /Too few major GCs/);
  });

  test('keeps a long list of majors to the first and the newest, and says how many are between', () => {
    const one = literalPauses()[0];
    const pauses = Array.from({ length: 50 }, (_, at) => ({ ...one, timeMs: one.timeMs + at * 1000 }));
    const output = renderReport({ ...watched(), pauses });
    const list = output.split('\n').filter((line) => /^ +\+|more\)/.test(line));
    assert.equal(list.length, 21);
    assert.match(list[0], /\+0\.4 s/);
    assert.match(list[1], /^ +\(30 more\)$/);
    assert.match(list[20], /\+49\.4 s/);
  });

  test('explains a list that is empty because heap sizes were switched off', () => {
    const pauses = literalPauses().map((pause) => ({ ...pause, heapUsedAfter: 0 }));
    const output = flat(renderReport({ ...watched(), pauses }));
    assert.match(output, /Heap after each major GC not recorded \(gcStatistics: false\)/);
    assert.match(output, /cannot be said: its sizes are not recorded/);
  });

  test('prints no zeros for what degraded mode cannot know', () => {
    const report = literalReport();
    report.source = 'perf_hooks';
    Object.assign(report.allocation, { bytesPerSecond: 0, totalBytes: 0, promotedBytesPerSecond: 0, survivalRatio: 0 });
    for (const name of ['all', 'minor', 'major']) report.gc[name].freedBytes = 0;
    const pauses = literalPauses().map((pause) => ({ ...pause, heapUsedAfter: 0, heapUsedBefore: 0, freedBytes: 0 }));
    const output = renderReport({ ...watched(report), pauses });
    assert.doesNotMatch(output, / 0 (B|%)/);
    assert.match(flat(output), /allocation known from V8's own hooks only, not in degraded mode/);
  });

  test('admits dropped events, old figures and degraded mode', () => {
    const report = literalReport();
    report.gc.droppedEvents = 1234;
    report.sampleAgeMs = 61_000;
    report.source = 'perf_hooks';
    const output = flat(renderReport(watched(report)));
    assert.match(output, /1,234 GC events were dropped/);
    assert.match(output, /These figures are 61\.0 s old/);
    assert.match(output, /perf_hooks \(degraded mode\)/);
  });

  test('has a line for each worker that is watched', () => {
    const report = literalReport();
    report.threads = [{ ...literalReport(), threadId: 3 }];
    for (const columns of WIDTHS) {
      const output = renderReport(watched(report), { columns });
      assertFits(output, columns);
      assert.match(flat(output), /thread 3: heap 71\.2 MB used, 23\.1 % of its limit; 7 major, 431 minor GCs/);
    }
  });
});

describe('units', () => {
  test('bytes come in binary multiples with at most one decimal', () => {
    const MB = 1024 ** 2;
    const cases = [
      [0, '0 B'], [512, '512 B'], [1023, '1,023 B'], [1024, '1.0 KB'], [1536, '1.5 KB'], [99.94 * MB, '99.9 MB'],
      [99.96 * MB, '100 MB'], [1023.4 * MB, '1,023 MB'], [1023.6 * MB, '1.0 GB'], [-1536, '-1.5 KB'],
      [Number.MAX_SAFE_INTEGER, '8.0 PB'], [null, '–'], [undefined, '–'], [NaN, '–'], [Infinity, '–'],
    ];
    for (const [bytes, text] of cases) assert.equal(units.formatBytes(bytes), text);
  });

  test('milliseconds keep two or three digits and grow into seconds, minutes, hours and days', () => {
    const cases = [
      [0, '0 ms'], [0.0042, '0.004 ms'], [0.42, '0.42 ms'], [4.2, '4.20 ms'], [42.19, '42.2 ms'], [999.4, '999 ms'],
      [999.6, '1.00 s'], [12_345, '12.3 s'], [99_960, '1.7 min'], [3_600_000, '60.0 min'], [7_200_000, '2.0 h'],
      [1e9, '12 d'], [null, '–'],
    ];
    for (const [ms, text] of cases) assert.equal(units.formatMs(ms), text);
  });

  test('counts are grouped, huge ones shortened', () => {
    for (const [count, text] of [[0, '0'], [1234567, '1,234,567'], [12_345_678, '12.3M'], [null, '–']]) {
      assert.equal(units.formatCount(count), text);
    }
  });

  test('ratios are percentages that never round something down to nothing', () => {
    const cases = [
      [0, '0 %'], [0.00001, '<0.01 %'], [0.0031, '0.31 %'], [0.099, '9.9 %'], [0.9999, '100 %'], [1, '100 %'], [12, '1,200 %'], [1e9, '>9,999 %'], [null, '–'],
    ];
    for (const [ratio, text] of cases) assert.equal(units.formatPercent(ratio), text);
  });
});

describe('bars, charts and series', () => {
  test('a bar is drawn in eighths, clamped to its width', () => {
    assert.equal(bar(0.5, 4), '██');
    assert.equal(bar(1 / 16, 2), '▏');
    assert.equal(bar(1e-9, 4), '▏', 'something is never drawn as nothing');
    assert.equal(bar(0, 4), '');
    for (const ratio of [2, Infinity]) assert.ok(bar(ratio, 4).length <= 4);
    assert.equal(bar(NaN, 4, { track: true }), '░░░░');
    assert.equal(bar(0.5, 4, { track: true }), '██░░');
  });

  test('a sparkline spans its own range, and a gap stays a gap', () => {
    assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7]), '▁▂▃▄▅▆▇█');
    assert.equal(sparkline([5, null, 5]), '▁ ▁');
    assert.equal(sparkline([null, null]), '  ');
    assert.equal(sparkline([]), '');
  });

  test('a chart stacks rows', () => {
    assert.deepEqual(chart([0, 15], { height: 2 }), [' █', '▁█']);
    assert.deepEqual(chart([0, 8, 100], { height: 1, min: 0, max: 8 }), ['▁██'], 'clamped to the range');
  });

  const tier = (seconds) => ({
    intervalMs: 1000,
    points: seconds.map((second) => ({ ...literalTimeline().tiers[0].points[0], timeMs: second * 1000, heapUsed: second })),
  });

  test('points are placed by time: a silent second is a gap', () => {
    assert.deepEqual(toCells(tier([1, 2, 4]), (point) => point.heapUsed, 4), [1, 2, null, 4]);
  });

  test('many points share a column and the peak wins', () => {
    const cells = toCells(tier([1, 2, 9, 4]), (point) => (point.heapUsed === 2 ? 99 : 1), 3);
    assert.equal(cells.length, 3);
    assert.equal(Math.max(...cells.map((cell) => cell ?? 0)), 99);
    const year = tier(Array.from({ length: 2016 }, (_, at) => at));
    assert.equal(toCells(year, (point) => point.heapUsed, 60).at(-1), 2015);
  });

  test('the finest tier that reaches back to the start is drawn', () => {
    assert.equal(wholeLife(literalTimeline())?.intervalMs, 1000);
    const point = literalTimeline().tiers[0].points[0];
    const lasting = (intervalMs, count) => ({
      intervalMs,
      points: Array.from({ length: count }, (_, at) => ({ ...point, timeMs: point.timeMs - (count - 1 - at) * intervalMs })),
    });
    const after = (seconds) =>
      wholeLife({
        tiers: [
          lasting(300_000, Math.min(Math.ceil(seconds / 300), 2016)),
          lasting(10_000, Math.min(Math.ceil(seconds / 10), 720)),
          lasting(1000, Math.min(seconds, 600)),
        ],
      })?.intervalMs;
    assert.equal(after(30), 1000);
    assert.equal(after(500), 1000);
    assert.equal(after(3600), 10_000);
    assert.equal(after(86_400), 300_000);
    assert.equal(wholeLife({ tiers: [] }), null);
  });
});

describe('lines', () => {
  test('a table leaves out its least important columns until it fits', () => {
    const columns = [{ title: 'name', align: ('left') }, { title: 'first', keep: 1 }, { title: 'second', keep: 2 }];
    assert.deepEqual(table(columns, [['x', '1', '2']], 80), ['name  first  second', 'x         1       2']);
    assert.deepEqual(table(columns, [['x', '1', '2']], 14), ['name  second', 'x          2']);
    assert.deepEqual(table(columns, [['x', '1', '2']], 4), ['name', 'x']);
  });

  test('wrapping never parts a number from its unit', () => {
    assert.deepEqual(wrap('it rose to 11.2 MB at 5 %', 13), ['it rose to', '11.2 MB at', '5 %']);
    assert.deepEqual(wrap('abcdefgh', 3), ['abc', 'def', 'gh']);
    assert.deepEqual(wrap('', 10), []);
  });
});

test('colour is for terminals whose user did not refuse it', () => {
  assert.equal(wantsColour({ isTTY: true }, { TERM: 'xterm' }), true);
  assert.equal(wantsColour({ isTTY: true }, { NO_COLOR: '1' }), false);
  assert.equal(wantsColour({ isTTY: true }, { NO_COLOR: '' }), true);
  assert.equal(wantsColour({ isTTY: true }, { TERM: 'dumb' }), false);
  assert.equal(wantsColour({}, {}), false);
});

const flat = (output) => output.replace(/\s+/g, ' ');

/**
 * Every number at its largest; times of points stay, they are an axis.
 *
 * @param {any} value
 * @param {string} [key]
 * @returns {any}
 */
function inflate(value, key = '') {
  if (typeof value === 'number') return ['timeMs', 'intervalMs'].includes(key) ? value : Number.MAX_SAFE_INTEGER;
  if (Array.isArray(value)) return value.map((item) => inflate(item));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, inflate(item, name)]));
}

/**
 * @param {any} value
 * @returns {any}
 */
function blank(value) {
  if (typeof value === 'number') return null;
  if (Array.isArray(value)) return value.map(blank);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, blank(item)]));
}
