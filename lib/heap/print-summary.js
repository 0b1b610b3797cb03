'use strict';

const { palette } = require('../terminal/colour.js');
const { table } = require('../terminal/table.js');
const { wrap } = require('../terminal/text.js');
const { formatBytes, formatCount } = require('../terminal/units.js');
const { plain } = require('./plain-text.js');

/** Rows of each table: what fits a screen. */
const ROWS = 15;

/**
 * @param {import('../../index').HeapSummary} summary
 * @param {{ width: number, colour?: boolean }} options
 * @returns {string[]}
 */
function printSummary(summary, { width, colour = false }) {
  const paint = palette(colour);
  const { totals } = summary;
  const name = Math.max(20, width - 50);
  const title = (/** @type {string} */ text) => ['', paint.bold(text)];
  const lines = [
    paint.bold(plain(summary.file, width)),
    ...wrap(`${formatBytes(totals.total)} in ${formatCount(summary.nodes)} nodes and ${formatCount(summary.edges)} edges: `
      + `strings ${formatBytes(totals.strings)}, arrays ${formatBytes(totals.arrays)}, code ${formatBytes(totals.code)}, `
      + `buffers ${formatBytes(totals.typedArrays)}, other native ${formatBytes(totals.native - totals.typedArrays)}`, width),
    ...title('Classes'),
    ...table(
      [{ title: 'class', align: 'left' }, { title: 'count', keep: 3 }, { title: 'shallow', keep: 1 }, { title: 'retained' }, { title: 'distance', keep: 0 }],
      summary.classes.slice(0, ROWS).map((row) => [
        plain(row.location === null ? row.name : `${row.name} ${row.location}`, name), formatCount(row.count), formatBytes(row.shallow), formatBytes(row.retained),
        row.distance >= 100_000_000 || row.distance < 0 ? '–' : String(row.distance),
      ]), width, paint.dim),
  ];
  const holder = Math.max(16, Math.floor((width - 24) / 2));
  section('Biggest objects', [{ title: 'retained' }, { title: 'object', align: 'left' }, { title: 'held by', align: 'left', keep: 1 }],
    summary.biggest.map((row) => [formatBytes(row.retained), plain(row.name, holder), plain(row.holder, holder)]));
  section('Biggest collections', [{ title: 'retained' }, { title: 'entries' }, { title: 'kind', align: 'left' }, { title: 'held by', align: 'left', keep: 1 }],
    summary.collections.map((row) => [formatBytes(row.retained), formatCount(row.entries), row.kind, plain(row.holder, Math.max(16, width - 32))]));
  section(`Strings that are there more than once: ${formatBytes(summary.duplicateStrings.wastedBytes)} in ${formatCount(summary.duplicateStrings.copies)} copies`,
    [{ title: 'bytes' }, { title: 'count' }, { title: 'text', align: 'left' }, { title: 'one is held by', align: 'left', keep: 1 }],
    summary.duplicateStrings.top.map((row) => [formatBytes(row.bytes), formatCount(row.count), JSON.stringify(plain(row.text, Math.floor(holder / 2))), plain(row.holder, holder)]));
  section('Functions by place', [{ title: 'count' }, { title: 'retained' }, { title: 'function', align: 'left' }, { title: 'place', align: 'left', keep: 1 }],
    summary.closures.map((row) => [formatCount(row.count), formatBytes(row.retained), plain(row.name || '(anonymous)', 30), plain(`${row.script}:${row.line}`, Math.max(16, width - 54))]));
  section('Emitters with many listeners', [{ title: 'listeners' }, { title: 'event', align: 'left' }, { title: 'emitter', align: 'left' }, { title: 'held by', align: 'left', keep: 1 }],
    summary.emitters.map((row) => [formatCount(row.listeners), plain(row.event, 24), plain(row.emitter, 24), plain(row.holder, holder)]));
  section(`Timers: ${formatCount(summary.timers.count)}`, [{ title: 'count' }, { title: 'callback', align: 'left' }],
    summary.timers.callbacks.map((row) => [formatCount(row.count), plain(row.function, width - 12)]));
  const detached = summary.contexts.filter((context) => context.detached);
  section(`Contexts that no root leads to: ${formatCount(detached.length)}`, [{ title: 'retained' }, { title: 'context', align: 'left' }],
    detached.map((row) => [formatBytes(row.retained), `@${row.id}`]));
  return lines;

  /**
   * @param {string} text
   * @param {import('../terminal/table').Column[]} columns
   * @param {string[][]} rows
   */
  function section(text, columns, rows) {
    if (rows.length > 0) lines.push(...title(text), ...table(columns, rows.slice(0, ROWS), width, paint.dim));
  }
}

module.exports = { printSummary };
