// @ts-nocheck: runs in a browser

import { makeCharts } from './charts.mjs';
import { History } from './data.mjs';
import { base, byId, make, say } from './dom.mjs';
import { Heap } from './heap.mjs';
import { showFacts, showStats, showVerdict, Tables } from './panels.mjs';
import { chartHost } from './plot.mjs';
import { Stream } from './stream.mjs';

// The page, from what stands in it to what the stream brings.

const RANGES = ['10 min', '2 h', '7 d'];

let first = JSON.parse(byId('data').textContent);
const view = { state: first, history: null, range: null, nowMs: first.nowMs };
let charts = [];
let tables = null;
let culprit = null;
let chosen = 0;

const { may } = first;
const heap = new Heap(first, (sentence) => { culprit = sentence; show(); });

function begin(state) {
  view.state = state;
  view.nowMs = state.nowMs;
  document.body.dataset.watching = String(state.watching);
  if (state.watching) {
    view.history = new History(state);
    view.range = view.history.ranges[chosen];
    if (charts.length === 0) {
      charts = makeCharts(view);
      chartHost().append(...charts.map(({ element }) => element));
      tables = new Tables();
    }
    tables.showEvents(state.events);
  }
  show();
}

function show() {
  const { state } = view;
  showVerdict(state, culprit, may.trigger);
  showFacts(state);
  showStats(state);
  if (!state.watching) return;
  tables.show(state);
  for (const chart of charts) chart.draw();
}

function choose(at) {
  chosen = at;
  for (const [i, button] of [...byId('ranges').children].entries()) button.setAttribute('aria-pressed', String(i === at));
  if (!view.history) return;
  view.range = view.history.ranges[at];
  show();
}

async function reload() {
  const response = await fetch(`${base}state`, { cache: 'no-store' });
  if (!response.ok) return;
  const state = await response.json();
  // Another process answers now: what this page knows, its token too, is of one that is gone.
  if (state.pid !== view.state.pid || (first.token && state.token !== first.token)) location.reload();
  else begin(state);
}

byId('ranges').append(...RANGES.map((name, at) => make('button', { type: 'button', 'aria-pressed': 'false', onclick: () => choose(at) }, name)));
byId('foot').append(make('p', {}, 'Sizes in powers of 1024. Intervals are 99 % intervals; what stays is the heap right after a major GC.'));
begin(first);
choose(0);
first = { token: first.token };

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { for (const chart of charts) chart.rebuild(); });

new Stream({
  sinceMs: () => view.nowMs,
  status(text, isLive) {
    say(byId('live'), text);
    byId('live').dataset.live = String(isLive);
  },
  opened(isAgain) { if (isAgain) reload(); },
  tick(update) {
    if (update.watching !== view.state.watching || (update.watching && update.pid !== view.state.pid)) {
      reload();
      return;
    }
    view.state = { ...view.state, ...update };
    view.nowMs = update.nowMs;
    if (update.watching) view.history.add(update);
    if (update.events) tables?.showEvents(update.events);
    heap.see(update);
    show();
  },
});
