// @ts-nocheck: runs in a browser

import { formatBytes, formatPercent, formatRate } from '../../terminal/units.js';
import { moment, span, spans } from './format.mjs';

// What the figures mean, in sentences: the first thing that somebody reads, at three in the night.

const PLACES = { heap: 'in the V8 heap', external: 'in Buffers and ArrayBuffers', native: 'outside V8' };

const capital = (text) => text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');

/**
 * @returns {{ tone: 'leak' | 'warn' | 'good' | 'open', title: string, details: string[] }}
 */
export function verdict(state) {
  if (!state.watching) return { tone: 'open', title: 'Nobody is watching.', details: ['No watcher is running in this thread: call heapwatch.start(), first thing in the program.'] };
  const { growth, health, degraded } = state;
  const details = [];
  if (health.status === 'failing') details.push(capital(health.reason));
  if (growth.verdict === 'leak') details.push(forecast(state));
  details.push(capital(growth.reason));
  if (health.status === 'strained') details.push(`Memory is strained: ${health.reason}.`);
  if (degraded) details.push(`Degraded mode: ${degraded}`);
  return { tone: toneOf(growth.verdict, health.status), title: titleOf(state), details };
}

function toneOf(verdictOf, status) {
  if (verdictOf === 'leak' || status === 'failing') return 'leak';
  if (status === 'strained') return 'warn';
  return verdictOf === 'clean' ? 'good' : 'open';
}

function titleOf({ growth, health, nowMs, uptimeMs }) {
  if (growth.verdict === 'leak') {
    const since = growth.sinceMs === null ? '' : ` since ${moment(growth.sinceMs, nowMs)}`;
    return `Leaking ${formatRate(growth.bytesPerSecond)} ${PLACES[growth.place] ?? ''}${since}.`;
  }
  if (health.status === 'failing') return 'Garbage collection takes all the time.';
  if (growth.verdict === 'clean') return 'No leak.';
  return uptimeMs < 3_600_000 ? 'Too early to tell.' : 'No verdict yet.';
}

function forecast({ growth: { limitInMs }, memoryLimit, containerLimit, nowMs }) {
  const whose = memoryLimit === containerLimit ? 'container’s' : 'V8';
  if (limitInMs === null) return `The ${whose} limit of ${formatBytes(memoryLimit)} is not in sight at this rate.`;
  const { earliest, latest } = limitInMs;
  const from = moment(nowMs + earliest, nowMs);
  if (latest === null) return `The ${whose} limit of ${formatBytes(memoryLimit)} will be hit in ${span(earliest)} at the earliest, at ${from}.`;
  const to = moment(nowMs + latest, nowMs);
  return `The ${whose} limit of ${formatBytes(memoryLimit)} will be hit in ${spans(earliest, latest)}${from === to ? `, at ${from}` : `, between ${from} and ${to}`}.`;
}

/** What a trend says, for the chart of what stays. */
export function trend({ growth: { parts, samples, spanMs } }) {
  const { bytesPerSecond, interval: [low, high] } = parts.heap;
  if (samples < 3) return `${samples === 0 ? 'no' : samples} major GC${samples === 1 ? '' : 's'} so far; a trend needs three`;
  return `${signedRate(bytesPerSecond)} (99 % between ${signedRate(low)} and ${signedRate(high)}) over ${samples} major GCs in ${span(spanMs)}`;
}

export const signedRate = (value) => (value > 0 ? '+' : value < 0 ? '−' : '±') + formatRate(Math.abs(value));

export const share = (used, limit) => (limit > 0 ? `${formatPercent(used / limit)} of ${formatBytes(limit)}` : formatBytes(used));
