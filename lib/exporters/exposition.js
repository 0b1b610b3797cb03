'use strict';

// Families as text: what src/export/exposition.rs does for those that the native part knows.

/** @typedef {import('./family').MetricFamily} MetricFamily */

const END = '# EOF\n';

/** At the end of a family's name, its unit: OpenMetrics wants both. */
const UNIT = /_(seconds|bytes|ratio)$/;

/**
 * Adds families to a text of metrics.
 *
 * @param {string} text
 * @param {MetricFamily[]} families
 * @param {{ openMetrics: boolean, labels: string[] }} options labels: on every sample, names and values in turn
 */
function withFamilies(text, families, { openMetrics, labels }) {
  /** @type {[string, string][]} */
  const common = [];
  for (let at = 0; at < labels.length; at += 2) common.push([labels[at], labels[at + 1]]);
  const added = families.map((family) => familyText(family, openMetrics, common)).join('');
  return openMetrics ? text.slice(0, -END.length) + added + END : text + added;
}

/**
 * @param {MetricFamily} family
 * @param {boolean} openMetrics
 * @param {[string, string][]} common
 */
function familyText({ name, type, help, samples }, openMetrics, common) {
  const shown = type === 'counter' && !openMetrics ? `${name}_total` : name;
  const unit = openMetrics ? UNIT.exec(name)?.[1] : undefined;
  return [
    `# HELP ${shown} ${help}`,
    `# TYPE ${shown} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    ...samples.map(({ suffix, labels, value }) => `${name}${suffix}{${[...labels, ...common].map((label) => labelText(label, openMetrics)).join(',')}} ${value}`),
    '',
  ].join('\n');
}

/**
 * @param {[string, string]} label
 * @param {boolean} openMetrics
 */
function labelText([name, value], openMetrics) {
  const escaped = value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
  const isWhole = name === 'le' && openMetrics && /^\d+$/.test(value);
  return `${name}="${escaped}${isWhole ? '.0' : ''}"`; // 1.0 is canonical there
}

module.exports = { withFamilies };
