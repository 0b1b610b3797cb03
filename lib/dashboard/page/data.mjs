// @ts-nocheck: runs in a browser

// The past, as it came with the page, and what the stream adds to it.

const GAUGES = ['rss', 'heapUsed', 'youngUsed', 'oldSpaceUsed', 'largeSpacesUsed', 'external', 'heapAfterLastMajorGc'];
const SUMS = ['gcMs', 'allocatedBytes'];

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const CODES = Object.fromEntries([...ALPHABET].map((character, code) => [character, code]));

/** GCs that are kept one by one. */
const MAX_PAUSES = 3000;

/** The reverse of pack.js: the highest code is no value. */
export function unpackColumn({ min, max, width, text }) {
  const top = 64 ** width - 1;
  const values = [];
  for (let at = 0; at < text.length; at += width) {
    let code = 0;
    for (let i = at; i < at + width; i += 1) code = code * 64 + CODES[text[i]];
    values.push(code === top ? null : min + (code * (max - min)) / (top - 1));
  }
  return values;
}

/** Rows out of columns. */
function rows(columns) {
  const names = Object.keys(columns);
  const values = names.map((name) => unpackColumn(columns[name]));
  return values[0].map((_, at) => Object.fromEntries(names.map((name, i) => [name, values[i][at]])));
}

/** One of the three lengths of time: points ascending, each the end of its interval. */
export class Range {
  constructor({ intervalMs, spanMs, columns }) {
    this.intervalMs = intervalMs;
    this.spanMs = spanMs;
    this.points = rows(columns);
  }

  #slot(timeMs) {
    return Math.ceil((timeMs - 1) / this.intervalMs);
  }

  add(point) {
    const last = this.points.at(-1);
    if (last && point.timeMs <= last.timeMs) return;
    if (last?.isOpen && this.#slot(last.timeMs) === this.#slot(point.timeMs)) {
      for (const name of [...GAUGES, 'timeMs']) last[name] = point[name];
      for (const name of SUMS) last[name] += point[name];
      last.maxPauseMs = Math.max(last.maxPauseMs, point.maxPauseMs);
    } else {
      // How much of its interval an open point stands for: rates are over that.
      this.points.push({ ...point, isOpen: true, fromMs: last ? Math.max(last.timeMs, point.timeMs - this.intervalMs) : point.timeMs - Math.min(this.intervalMs, 1000) });
    }
    while (this.points.length > 0 && this.points[0].timeMs < point.timeMs - this.spanMs) this.points.shift();
  }

  /** Milliseconds that the sums of a point are over. */
  lengthOf(point) {
    return point.isOpen ? Math.max(500, point.timeMs - point.fromMs) : this.intervalMs;
  }
}

export class History {
  constructor({ ranges, pauses, nowMs, gc, allocation }) {
    this.ranges = ranges.map((range) => new Range(range));
    // What a coarse range has not finished yet, the finer one knows.
    for (const [at, range] of this.ranges.entries()) if (at > 0) for (const point of this.ranges[at - 1].points) range.add({ ...point });
    const kinds = pauses.kinds;
    this.pauses = rows(pauses.columns).map((pause, at) => ({ ...pause, kind: Number(kinds[at]) }));
    this.last = { nowMs, gcMs: gc.all.totalMs, allocatedBytes: allocation.totalBytes };
  }

  /** What a tick tells. */
  add({ nowMs, rss, heapUsed, youngUsed, oldSpaceUsed, largeSpacesUsed, external, heapAfterLastMajorGc, gc, allocation, rows: fresh }) {
    const { last } = this;
    const newest = this.pauses.at(-1)?.timeMs ?? 0;
    let maxPauseMs = 0;
    for (const [timeMs, pauseMs, kind, after] of fresh) {
      if (timeMs <= newest + 1) continue; // known: what came with the page has rounded times
      maxPauseMs = Math.max(maxPauseMs, pauseMs);
      this.pauses.push({ timeMs, pauseMs, kind, heapUsedAfter: after });
    }
    if (this.pauses.length > MAX_PAUSES) this.pauses.splice(0, this.pauses.length - MAX_PAUSES);
    const point = {
      timeMs: nowMs, rss, heapUsed, youngUsed, oldSpaceUsed, largeSpacesUsed, external, heapAfterLastMajorGc, maxPauseMs,
      gcMs: Math.max(0, gc.all.totalMs - last.gcMs), // a reset() makes it less
      allocatedBytes: Math.max(0, allocation.totalBytes - last.allocatedBytes),
    };
    this.last = { nowMs, gcMs: gc.all.totalMs, allocatedBytes: allocation.totalBytes };
    for (const range of this.ranges) range.add({ ...point });
  }
}
