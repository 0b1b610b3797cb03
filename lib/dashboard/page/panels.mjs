// @ts-nocheck: runs in a browser

import { formatBytes, formatCount, formatMs, formatPercent, formatRate } from '../../terminal/units.js';
import { byId, make, say } from './dom.mjs';
import { moment, span } from './format.mjs';
import { Table, card } from './tables.mjs';
import { verdict } from './words.mjs';

// Everything in words and figures: the verdict, how things are now, the tables.

const KIND_ROWS = [['minor', 'minor'], ['major', 'major'], ['incremental', 'steps of marking'], ['weak', 'weak callbacks'], ['all', 'all']];

/** The verdict first. `culprit`: what a comparison of snapshots has found; `canFind`: it can be found from here. */
export function showVerdict(state, culprit, canFind) {
  const { tone, title, details } = verdict(state);
  const host = byId('verdict');
  const hint = canFind && state.growth?.verdict === 'leak' ? ['What holds it: take a snapshot below, another one after a while, and compare the two.'] : [];
  const lines = culprit ? [`${culprit}.`, ...details] : [...details, ...hint];
  if (host.children.length === 0) host.append(make('h1'), make('div', { class: 'details' }));
  host.dataset.tone = tone;
  const [head, list] = host.children;
  say(head, title);
  while (list.children.length > lines.length) list.lastChild.remove();
  while (list.children.length < lines.length) list.append(make('p'));
  for (const [i, line] of lines.entries()) say(list.children[i], line);
  list.firstChild.className = culprit ? 'culprit' : '';
  document.title = `${tone === 'leak' ? '● ' : ''}${title.replace(/\.$/, '')} – heapwatch`;
}

export function showFacts({ pid, uptimeMs, threadId }) {
  say(byId('facts'), pid === undefined ? '' : `process ${pid}${threadId ? `, thread ${threadId}` : ''} · watched for ${span(uptimeMs)}`);
}

const STATS = [
  ['Heap used', ({ heapUsed }) => formatBytes(heapUsed), ({ heapUsedRatio, heapLimit }) => `${formatPercent(heapUsedRatio)} of ${formatBytes(heapLimit)}`, ({ heapUsedRatio }) => heapUsedRatio],
  ['RSS', ({ rss }) => formatBytes(rss), ({ containerLimit, containerUsedRatio }) => (containerLimit ? `${formatPercent(containerUsedRatio)} of ${formatBytes(containerLimit)}` : 'no container limit'), ({ containerUsedRatio }) => containerUsedRatio],
  ['External', ({ external }) => formatBytes(external), ({ arrayBuffers }) => `${formatBytes(arrayBuffers)} in buffers`],
  ['Alive', ({ heapAfterLastMajorGc }) => formatBytes(heapAfterLastMajorGc), ({ heapAfterLastMajorGc }) => (heapAfterLastMajorGc === null ? 'no major GC yet' : 'after a major GC')],
  ['Time in GC', ({ gc }) => formatPercent(gc.timeRatio.last10s), ({ uptimeMs }) => `of the last ${span(Math.min(10_000, uptimeMs))}`],
  ['Longest pause', ({ gc }) => (gc.all.count === 0 ? '–' : formatMs(gc.all.max)), ({ gc }) => `${formatCount(gc.all.count)} GC${gc.all.count === 1 ? '' : 's'}${gc.droppedEvents > 0 ? `, ${formatCount(gc.droppedEvents)} not recorded` : ''}`],
  ['Allocation', ({ allocation }) => formatRate(allocation.bytesPerSecond), ({ allocation }) => `${formatPercent(allocation.survivalRatio)} survive`],
];

export function showStats(state) {
  const host = byId('stats');
  if (!state.watching) {
    host.replaceChildren();
    return;
  }
  if (host.children.length === 0) host.append(...STATS.map(([title, , , ratio]) => make('div', { class: 'stat' }, make('h2', {}, title), make('b'), make('span'), ratio && make('meter', { min: 0, max: 1, low: 0.75, high: 0.9, optimum: 0, 'aria-label': `${title}, of its limit` }))));
  for (const [i, [, value, detail, ratio]] of STATS.entries()) {
    const [, figure, words, meter] = host.children[i].children;
    say(figure, value(state));
    say(words, detail(state));
    if (!meter) continue;
    const filled = ratio(state);
    meter.hidden = filled === null;
    if (filled !== null) meter.value = filled;
  }
}

export class Tables {
  #kinds = new Table('GC pauses by kind', [
    { title: 'kind', text: true, of: ([, name]) => name },
    { title: 'count', of: ([, , { count }]) => formatCount(count) },
    { title: 'total', of: ([, , { count, totalMs }]) => (count === 0 ? '–' : formatMs(totalMs)) },
    ...['p50', 'p90', 'p99', 'max'].map((name) => ({ title: name, of: ([, , kind]) => (kind.count === 0 ? '–' : formatMs(kind[name])) })),
    { title: 'freed', of: ([kind, , { freedBytes }]) => (kind === 'incremental' || kind === 'weak' ? '–' : formatBytes(freedBytes)) },
  ]);

  #threads = new Table('Threads', [
    { title: 'thread', text: true, of: ({ threadId }) => (threadId === 0 ? 'main' : `worker ${threadId}`) },
    { title: 'heap', of: ({ heapUsed }) => formatBytes(heapUsed) },
    { title: 'of limit', of: ({ heapUsedRatio }) => formatPercent(heapUsedRatio) },
    { title: 'external', of: ({ external }) => formatBytes(external) },
    { title: 'in GC', of: ({ gcShare }) => formatPercent(gcShare) },
    { title: 'majors', of: ({ majors }) => formatCount(majors) },
    { title: 'verdict', of: ({ verdict: word }) => (word === 'inconclusive' ? 'open' : word), tone: ({ verdict: word }) => ({ leak: 'leak', clean: 'good' })[word] },
  ]);

  #events = make('ol', { class: 'events' });
  #nowMs = 0;

  constructor() {
    this.threadsNote = make('p', { class: 'note' });
    byId('tables').append(card('Pauses by kind', this.#kinds.element), card('Threads', this.#threads.element, this.threadsNote), card('Events', this.#events));
  }

  show(state) {
    this.#nowMs = state.nowMs;
    this.#kinds.fill(KIND_ROWS.map(([kind, name]) => [kind, name, state.gc[kind]]));
    const { threadId, heapUsed, heapUsedRatio, external, gc, growth } = state;
    const own = { threadId, heapUsed, heapUsedRatio, external, gcShare: gc.timeRatio.last1m, majors: gc.major.count, verdict: growth.verdict };
    this.#threads.fill([own, ...state.threads].sort((a, b) => a.threadId - b.threadId));
    say(this.threadsNote, state.threads.length > 0 ? '' : 'A worker is shown once it calls heapwatch.start(), or is started with heapwatch/register.');
  }

  showEvents(events) {
    const newest = [...events].reverse();
    this.#events.replaceChildren(...(newest.length === 0 ? [make('li', { class: 'none' }, 'Nothing has happened since this page was mounted.')]
      : newest.map(({ timeMs, kind, text }) => make('li', {}, make('time', {}, moment(timeMs, this.#nowMs || Date.now(), { seconds: true })), make('em', { 'data-kind': kind }, kind), make('span', {}, text)))));
  }
}
