'use strict';

const { median } = require('../lib/statistics.js');
const { table } = require('../lib/table.js');

/** @typedef {import('./run').ForecastResult} ForecastResult */

/** Where on the way the forecast is asked, as a share of the life. */
const SHARES = [0.3, 0.5, 0.7];
const ASKED = 0.5;

/** @param {ForecastResult} result */
const died = ({ end }) => end !== 'exit 0';

/**
 * @param {ForecastResult} result
 * @param {number} share
 * @returns {{ is: 'inside' | 'early' | 'late' | 'none', earliest: number | null, latest: number | null, truth: number, verdict: string }}
 *   early: the end came before the interval; all in ms from then on
 */
function forecastAt({ forecasts, lifeMs }, share) {
  const before = forecasts.filter(([atMs]) => atMs <= lifeMs * share);
  const [atMs, verdict, , earliest, latest] = before.at(-1) ?? [0, 'inconclusive', 0, null, null];
  const truth = lifeMs - atMs;
  if (earliest === null) return { is: 'none', earliest, latest, truth, verdict };
  const is = truth < earliest ? 'early' : latest !== null && truth > latest ? 'late' : 'inside';
  return { is, earliest, latest, truth, verdict };
}

/** @param {ForecastResult[]} results */
function forecastTable(results) {
  const dead = results.filter(died);
  const seconds = (/** @type {number | null} */ ms) => (ms === null ? '–' : (ms / 1000).toFixed(1));
  const rows = dead.map((result) => {
    const { is, earliest, latest, truth, verdict } = forecastAt(result, ASKED);
    return [result.program, Number.parseInt(result.circumstances.node, 10), result.limit, seconds(result.lifeMs), verdict, seconds(earliest), seconds(latest), seconds(truth), WORDS[is]];
  });
  rows.sort((a, b) => String(a[0]).localeCompare(String(b[0])) || Number(a[1]) - Number(b[1]));
  const alive = results.length - dead.length;
  return [
    table(['program', 'Node', 'limit', 'life s', 'verdict at half', 'earliest s', 'latest s', 'true s', 'the end came'], rows),
    '',
    forecastLines(dead),
    ...(alive > 0 ? [`${alive} runs did not reach their limit.`] : []),
  ].join('\n');
}

const WORDS = { inside: 'inside', early: 'before', late: 'after', none: '(no forecast)' };

/** @param {ForecastResult[]} dead */
function forecastLines(dead) {
  const rows = SHARES.map((share) => {
    const all = dead.map((result) => forecastAt(result, share));
    const made = all.filter(({ is }) => is !== 'none');
    const inside = made.filter(({ is }) => is === 'inside');
    const bounded = inside.filter(({ latest }) => latest !== null);
    const width = bounded.map(({ earliest, latest, truth }) => (Number(latest) - Number(earliest)) / truth);
    return [
      `${share * 100} %`,
      made.length,
      inside.length,
      made.length === 0 ? '–' : `${(inside.length / made.length * 100).toFixed(0)} %`,
      made.filter(({ is }) => is === 'early').length,
      made.filter(({ is }) => is === 'late').length,
      made.filter(({ latest }) => latest === null).length,
      all.length - made.length,
      width.length === 0 ? '–' : `${(median(width) * 100).toFixed(0)} %`,
    ];
  });
  return table(['of the life', 'forecasts', 'inside', 'share', 'end before', 'end after', 'without a latest', 'no forecast', 'median width, of the true time'], rows);
}

module.exports = { forecastTable, forecastLines, died };
