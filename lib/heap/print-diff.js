'use strict';

const { palette } = require('../terminal/colour.js');
const { table } = require('../terminal/table.js');
const { wrap } = require('../terminal/text.js');
const { formatBytes, formatCount } = require('../terminal/units.js');
const { plain } = require('./plain-text.js');

const ROWS = 15;
/** Findings that are told at length. */
const TOLD = 5;

/**
 * @param {import('../../index').HeapDiff} diff
 * @param {{ width: number, colour?: boolean }} options
 * @returns {string[]}
 */
function printDiff(diff, { width, colour = false }) {
  const paint = palette(colour);
  const matched = diff.matchedBy === 'id' ? 'objects matched by id' : 'V8 numbered the objects anew: compared by class, shape and path';
  const lines = [`${diff.totals.map((total) => formatBytes(total)).join(' → ')} in ${diff.files.length} snapshots (${matched})`];
  if (diff.findings.length === 0) lines.push('', 'Nothing grew that a program could let go of.');
  for (const [at, finding] of diff.findings.slice(0, TOLD).entries()) {
    const [first, ...rest] = wrap(plain(finding.sentence), width - 4);
    lines.push('', `${paint.yellow(`${at + 1}.`)} ${paint.bold(first)}`, ...rest.map((line) => `   ${paint.bold(line)}`));
    lines.push(...finding.path.map((step) => paint.dim(`     ${plain(step, width - 6)}`)));
  }
  if (diff.findings.length > TOLD) {
    lines.push('', ...diff.findings.slice(TOLD).map((finding, at) => plain(`${at + 1 + TOLD}. ${finding.sentence}`, width)));
  }
  if (diff.classes.length > 0) {
    lines.push('', paint.bold('Classes'), ...table(
      [{ title: 'class', align: 'left' }, { title: 'more' }, { title: 'bytes' }, { title: 'new', keep: 1 }, { title: 'deleted', keep: 0 }],
      diff.classes.slice(0, ROWS).map((row) => [
        plain(row.name, Math.max(20, width - 48)), signed(row.countDelta, formatCount), signed(row.sizeDelta, formatBytes), formatCount(row.newCount), formatCount(row.deletedCount),
      ]), width, paint.dim));
  }
  return lines;
}

/**
 * @param {number} value
 * @param {(value: number) => string} format
 */
const signed = (value, format) => (value > 0 ? `+${format(value)}` : format(value));

module.exports = { printDiff };
