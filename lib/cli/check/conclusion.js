'use strict';

const { formatBytes, formatMs, formatPercent, formatRate } = require('../../terminal/units.js');
const { FINDING, USAGE } = require('../exit-codes.js');

/** @typedef {import('./run-program').Run} Run */
/** @typedef {import('./witness').Testimony} Testimony */
/** @typedef {import('../../../index').Growth['verdict']} Verdict */

/**
 * @typedef {object} Conclusion
 * @property {number} exitCode of heapwatch
 * @property {Verdict | null} verdict null: no Node process was seen
 * @property {string} reason
 * @property {string[]} findings each in one sentence; empty: none
 * @property {string | null} note about the program's end
 */

/** @type {Record<string, { name: string, format: (value: number) => string }>} */
const FIELDS = {
  maxRssBytes: { name: 'rss', format: formatBytes },
  maxHeapUsedBytes: { name: 'heap used', format: formatBytes },
  maxExternalBytes: { name: 'external memory', format: formatBytes },
  maxUsedRatio: { name: 'the memory limit is used', format: formatPercent },
  maxGcPauseMs: { name: 'a GC pause', format: formatMs },
  maxGcTimeRatio: { name: 'time in GC', format: formatPercent },
  maxGrowthBytesPerSecond: { name: 'growth', format: formatRate },
};

/**
 * @param {Run} run
 * @returns {Conclusion}
 */
function conclude(run) {
  const { testimonies } = run;
  const findings = testimonies.flatMap((testimony) => findingsOf(testimony, testimonies.length > 1));
  const note = endOf(run);
  if (testimonies.length === 0) {
    return {
      exitCode: run.exitCode || USAGE,
      verdict: null,
      reason: 'no Node process could be watched: the command starts none, or it drops NODE_OPTIONS, or it may not write to the temporary folder',
      findings,
      note,
    };
  }
  const { verdict, reason } = overall(testimonies);
  // In degraded mode nothing is known of growth; a check that cannot fail must not pass.
  const isBlind = testimonies.every(({ source }) => source === 'perf_hooks');
  const own = run.wasStopped ? 0 : run.exitCode;
  return { exitCode: findings.length > 0 ? FINDING : own || (isBlind ? USAGE : 0), verdict, reason, findings, note };
}

/**
 * One leak is a leak. Without one, the largest heap decides: beside it there are often idle ones, whose verdict never
 * comes (npm, the thread of a module loader). What is unlike it is told.
 *
 * @param {Testimony[]} testimonies
 * @returns {{ verdict: Verdict, reason: string }}
 */
function overall(testimonies) {
  const isOneOfMany = testimonies.length > 1;
  const leaking = testimonies.find(({ leak }) => leak !== null);
  if (leaking?.leak) return { verdict: 'leak', reason: `${where(leaking, isOneOfMany)}${leaking.leak.reason}` };
  const main = testimonies.reduce((largest, each) => (each.heapUsed > largest.heapUsed ? each : largest));
  const others = testimonies.filter(({ growth }) => growth.verdict !== main.growth.verdict).length;
  const unlike = main.growth.verdict === 'clean' ? 'inconclusive' : 'clean';
  return {
    verdict: main.growth.verdict,
    reason: `${where(main, isOneOfMany)}${main.growth.reason}${others === 0 ? '' : ` (${unlike}: ${others} smaller heaps of the ${testimonies.length})`}`,
  };
}

/**
 * @param {Testimony} testimony
 * @param {boolean} isOneOfMany
 * @returns {string[]}
 */
function findingsOf(testimony, isOneOfMany) {
  const { leak, growth, crossings } = testimony;
  const at = where(testimony, isOneOfMany);
  // The last word knows most; but what was a leak under load is one, even if the end of the program gave it back.
  const told = growth.verdict === 'leak' ? growth : leak;
  const later = told === growth ? '' : `; at the end the verdict was ${growth.verdict}`;
  return [
    ...(told ? [`${at}leak: ${told.reason} (${formatRate(told.bytesPerSecond)}, ${interval(told)}${limit(told)})${later}`] : []),
    ...crossings.map(({ rule, value }) => {
      const [[field, wanted]] = Object.entries(rule);
      const { name, format } = FIELDS[field];
      return `${at}limit crossed: ${name} ${format(value)}, more than ${format(Number(wanted))}`;
    }),
  ];
}

/** @param {import('../../../index').Growth} growth */
const interval = ({ interval: [low, high] }) => `99 % interval ${formatRate(low)} to ${formatRate(high)}`;

/** @param {import('../../../index').Growth} growth */
function limit({ limitInMs }) {
  if (limitInMs === null) return '';
  const { earliest, latest } = limitInMs;
  return latest === null ? `; the limit in ${formatMs(earliest)} at the earliest` : `; the limit in ${formatMs(earliest)} to ${formatMs(latest)}`;
}

/**
 * @param {Testimony} testimony
 * @param {boolean} isOneOfMany
 */
function where({ pid, threadId, program }, isOneOfMany) {
  return isOneOfMany ? `${program}, process ${pid}${threadId ? `, thread ${threadId}` : ''}: ` : '';
}

/** @param {Run} run */
function endOf({ exitCode, signal, wasStopped }) {
  if (wasStopped) return 'the program was ended after the time of --for';
  if (signal !== null) return `the program was ended by ${signal}`;
  return exitCode === 0 ? null : `the program exited with ${exitCode}`;
}

module.exports = { conclude };
