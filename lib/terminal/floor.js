'use strict';

// What stays after each major GC: the heap's floor. A bar that only gets longer is what a leak looks like, and what a
// cache that fills looks like: this file says what it sees and judges nothing.

const { bar } = require('./bar.js');
const { whyNoSizes } = require('./sizes.js');
const { pad, widthOf, wrap } = require('./text.js');
const { formatBytes, formatCount, formatMs, formatRate, isNumber } = require('./units.js');

/**
 * @typedef {import('../../index.js').Pause} Pause
 * @typedef {import('./report.js').Frame} Frame
 * @typedef {import('./report.js').Watched} Watched
 */

/** GCs in the list: the first, which the others are compared with, and the newest. */
const MAX_ROWS = 20;
const INDENT = '  ';
const GUTTER = '  ';
const TIME_WIDTH = 9;
const VALUE_WIDTH = 9;
const MAX_BAR_WIDTH = 48;
/** What each GC cost is said only where the bars keep this much beside it. */
const MIN_BAR_WIDTH = 12;

/**
 * @param {Watched} watched
 * @param {Frame} frame
 * @returns {string[]}
 */
function floorSection(watched, { columns, paint }) {
  const { timeline, pauses } = watched;
  const title = paint.bold('Heap after each major GC');
  const majors = floors(pauses);
  if (majors.length === 0) {
    const why = whyNoSizes(watched) ?? 'no major GC yet';
    return [title, ...wrap(why, columns - INDENT.length).map((line) => INDENT + paint.dim(line))];
  }

  const startMs = startOf(timeline, majors);
  const shown = majors.length > MAX_ROWS ? [majors[0], ...majors.slice(1 - MAX_ROWS)] : majors;
  const largest = Math.max(...shown.map((major) => major.heapUsedAfter), 1);
  const free = columns - INDENT.length - TIME_WIDTH - VALUE_WIDTH - 2 * GUTTER.length;
  const costWidth = Math.max(...shown.map((major) => GUTTER.length + widthOf(cost(major))));
  const withCost = free - costWidth >= MIN_BAR_WIDTH;
  const barWidth = Math.min(withCost ? free - costWidth : free, MAX_BAR_WIDTH);
  const rows = shown.map((major) => {
    const at = pad(sinceStart(major.timeMs - startMs), TIME_WIDTH, 'right');
    const value = pad(formatBytes(major.heapUsedAfter), VALUE_WIDTH, 'right');
    const drawn = bar(major.heapUsedAfter / largest, barWidth);
    const line = `${INDENT}${paint.dim(at)}${GUTTER}${value}${GUTTER}`;
    return withCost ? `${line}${paint.blue(pad(drawn, barWidth))}${GUTTER}${paint.dim(cost(major))}` : line + paint.blue(drawn);
  });
  const hidden = majors.length - shown.length;
  if (hidden > 0) rows.splice(1, 0, INDENT + paint.dim(pad(`(${formatCount(hidden)} more)`, TIME_WIDTH, 'right')));
  return [title, ...rows];
}

/**
 * One plain sentence about the floor; no verdict.
 *
 * @param {Pick<Watched, 'report' | 'pauses'>} watched
 * @returns {string}
 */
function floorSentence(watched) {
  const majors = floors(watched.pauses);
  const unknown = whyNoSizes(watched);
  if (unknown !== null) return `How the heap after major GCs moves cannot be said: its sizes are ${unknown}.`;
  if (majors.length < 2) return 'Too few major GCs with heap sizes to say how the heap after them moves.';
  const first = majors[0];
  const last = majors[majors.length - 1];
  const delta = last.heapUsedAfter - first.heapUsedAfter;
  const spanMs = last.timeMs - first.timeMs;
  const moved = delta > 0 ? 'rose' : delta < 0 ? 'fell' : 'stayed';
  const range =
    delta === 0
      ? `at ${formatBytes(first.heapUsedAfter)}`
      : `from ${formatBytes(first.heapUsedAfter)} to ${formatBytes(last.heapUsedAfter)}`;
  const pace = spanMs > 0 && delta !== 0 ? ` (${signed(delta)}, ${signedRate((delta / spanMs) * 1000)})` : '';
  return `The heap after major GCs ${moved} ${range} over ${formatCount(majors.length)} of them in ${formatMs(spanMs)}${pace}; report().growth has the verdict.`;
}

/**
 * Major GCs that have a heap size, oldest first.
 *
 * @param {Pause[]} pauses
 * @returns {Pause[]}
 */
function floors(pauses) {
  return pauses
    .filter((pause) => pause.kind === 'major' && isNumber(pause.heapUsedAfter) && pause.heapUsedAfter > 0)
    .sort((a, b) => a.timeMs - b.timeMs);
}

/**
 * @param {Watched['timeline']} timeline
 * @param {Pause[]} majors at least one
 * @returns {number} Unix ms that the list counts from
 */
function startOf(timeline, majors) {
  // A point bears the time of its interval's end. Coarse ones of degraded mode may begin before the start: the latest knows best.
  const starts = (timeline?.tiers ?? []).flatMap(({ intervalMs, points }) => points.slice(0, 1).map((first) => first.timeMs - intervalMs));
  const finest = starts.length > 0 ? Math.max(...starts) : Infinity;
  return Math.min(finest, majors[0].timeMs);
}

/**
 * Tenths of a second all along a short list: mixed units would hide the rhythm.
 *
 * @param {number} ms
 * @returns {string}
 */
function sinceStart(ms) {
  return `+${ms < 99_950 ? `${(ms / 1000).toFixed(1)} s` : formatMs(ms)}`;
}

/**
 * @param {Pause} major
 * @returns {string}
 */
function cost(major) {
  const freed = `freed ${formatBytes(major.freedBytes)} in ${formatMs(major.pauseMs)}`;
  return major.forced ? `${freed}, forced` : freed;
}

/**
 * @param {number} bytes
 * @returns {string}
 */
function signed(bytes) {
  return `${bytes > 0 ? '+' : '−'}${formatBytes(Math.abs(bytes))}`;
}

/**
 * @param {number} bytesPerSecond
 * @returns {string}
 */
function signedRate(bytesPerSecond) {
  return `${bytesPerSecond > 0 ? '+' : '−'}${formatRate(Math.abs(bytesPerSecond))}`;
}

module.exports = { floorSection, floorSentence };
