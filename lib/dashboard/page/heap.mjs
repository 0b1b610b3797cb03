// @ts-nocheck: runs in a browser

import { formatBytes, formatCount, formatMs } from '../../terminal/units.js';
import { base, byId, make, say } from './dom.mjs';
import { moment } from './format.mjs';

// What only those may do whom authorize lets: collect, take snapshots, look into them.

const ORIGINS = { page: 'from this page', threshold: 'by a rule', oom: 'at the heap limit' };
/** Rows of the class table at first. */
const ROWS = 15;


const signed = (format) => (value) => (value === null || value === undefined ? '–' : value > 0 ? `+${format(value)}` : value < 0 ? `−${format(-value)}` : '0');

export class Heap {
  #may;
  #token;
  #revision = -1;
  #chosen = new Set();
  #summaries = new Map();
  #rows = new Map();
  #onCulprit;
  #busy = false;

  constructor({ may, token }, onCulprit) {
    this.#may = may;
    this.#token = token;
    this.#onCulprit = onCulprit;
    const host = byId('heap');
    if (!may.trigger && !may.download) return;
    host.hidden = false;
    this.status = make('p', { class: 'note', role: 'status' });
    this.list = make('ul', { class: 'snapshots' });
    this.result = make('div', { class: 'result', tabindex: -1 });
    this.collectButton = make('button', { type: 'button', id: 'collect', onclick: () => this.#collect() }, 'Collect garbage');
    this.takeButton = make('button', { type: 'button', id: 'take', class: 'main', onclick: () => this.#take() }, 'Take snapshot');
    this.compareButton = make('button', { type: 'button', id: 'compare', disabled: true, onclick: () => this.#compare() }, 'Compare two');
    host.append(make('div', { class: 'card' },
      make('div', { class: 'head' }, make('h2', {}, 'Heap snapshots'), make('div', { class: 'actions' }, may.trigger && [this.collectButton, this.compareButton, this.takeButton])),
      this.status, this.list, this.result));
    this.#hint();
    this.refresh();
  }

  #hint() {
    const { trigger, forks, redact } = this.#may;
    say(this.status, [trigger && !forks && 'Snapshots by a copy of the process cannot be taken here.', redact && 'The contents of strings are left out of what this page shows and sends.'].filter(Boolean).join(' '));
  }

  async #ask(path, method = 'GET') {
    const response = await fetch(base + path, { method, headers: method === 'POST' ? { 'x-heapwatch-token': this.#token } : {}, cache: 'no-store' });
    const body = await response.json().catch(() => ({}));
    if (response.ok) return body;
    const again = response.headers.get('retry-after');
    throw new Error(`${body.error?.message ?? `The server answered ${response.status}`}${again ? `; again in ${again} s` : ''}`);
  }

  /** Something that takes a while: the buttons rest, and what goes wrong is said. */
  async #do(words, work) {
    if (this.#busy) return;
    this.#busy = true;
    this.#enable();
    say(this.status, words);
    this.status.className = 'note busy';
    try {
      say(this.status, (await work()) ?? '');
      this.status.className = 'note';
    } catch (error) {
      say(this.status, `${error.message}.`);
      this.status.className = 'note failed';
    }
    this.#busy = false;
    await this.refresh();
  }

  #enable() {
    for (const button of byId('heap').querySelectorAll('button.act, #collect, #take')) button.disabled = this.#busy;
    this.compareButton.disabled = this.#busy || this.#chosen.size !== 2;
  }

  #collect() {
    return this.#do('Collecting…', async () => {
      const { pauseMs, freedBytes } = await this.#ask('gc', 'POST');
      return `${formatBytes(freedBytes)} freed in ${formatMs(pauseMs)}.`;
    });
  }

  #take() {
    return this.#do('Taking a snapshot…', async () => {
      const { id } = await this.#ask('snapshots', 'POST');
      for (let waitMs = 200; ; waitMs = Math.min(2000, waitMs * 1.5)) {
        await new Promise((resolve) => { setTimeout(resolve, waitMs); });
        const found = await this.refresh();
        const one = found.find((snapshot) => snapshot.id === id);
        if (one?.status === 'taking') continue;
        if (one?.status !== 'ready') throw new Error(one?.error ?? 'The snapshot is not there any more');
        return `${formatBytes(one.bytes)} written; JavaScript stood still for ${formatMs(one.pauseMs)}.`;
      }
    });
  }

  #analyse(id) {
    return this.#do('Analysing…', async () => {
      const { snapshot, summary } = await this.#ask(`snapshots/${id}/analysis`, 'POST');
      this.#summaries.set(id, { timeMs: snapshot.timeMs, summary });
      // Against the one before it, if that has been looked into.
      const before = [...this.#summaries.values()].filter(({ timeMs }) => timeMs < snapshot.timeMs).sort((a, b) => b.timeMs - a.timeMs)[0];
      const was = before && new Map(before.summary.classes.map((row) => [row.name, row.shallow]));
      const rows = summary.classes.map((row) => ({ ...row, delta: was === undefined || !was.has(row.name) ? null : row.shallow - was.get(row.name) }));
      this.#show(`Snapshot of ${moment(snapshot.timeMs, Date.now(), { seconds: true })}`, summary, rows, [], before ? `Δ: shallow size against ${moment(before.timeMs, Date.now(), { seconds: true })}` : '');
    });
  }

  #compare() {
    return this.#do('Comparing…', async () => {
      const [a, b] = this.#chosen;
      const { before, after, summary, diff } = await this.#ask(`snapshots/${a}/comparison/${b}`, 'POST');
      const deltas = new Map(diff.classes.map((row) => [row.name, row.sizeDelta]));
      const rows = summary.classes.map((row) => ({ ...row, delta: deltas.get(row.name) ?? 0 }));
      const known = new Set(rows.map(({ name }) => name));
      for (const { name, sizeDelta } of diff.classes) if (!known.has(name)) rows.push({ name, location: null, count: null, shallow: null, retained: null, delta: sizeDelta });
      rows.sort((x, y) => y.delta - x.delta);
      const [from, to] = [before, after].map(({ timeMs }) => moment(timeMs, Date.now(), { seconds: true }));
      this.#show(`From ${from} to ${to}`, summary, rows, diff.findings, `${diff.totals.map((total) => formatBytes(total)).join(' → ')}; ${diff.matchedBy === 'id' ? 'objects matched by id' : 'compared by class, shape and path'}`, true);
      if (diff.findings.length > 0) this.#onCulprit(diff.findings[0].sentence);
    });
  }

  #show(title, summary, rows, findings, note, isComparison = false) {
    this.result.replaceChildren(...[
      make('div', { class: 'head' }, make('h3', {}, title), make('button', { type: 'button', onclick: () => this.result.replaceChildren() }, 'Close')),
      make('p', { class: 'note' }, `${formatBytes(summary.totals.total)} in ${formatCount(summary.nodes)} objects. ${note}`),
      isComparison && findingList(findings),
      classTable(rows, summary),
    ].filter(Boolean));
    this.result.focus({ preventScroll: true });
    this.result.scrollIntoView({ block: 'nearest', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
  }

  /** The stream says that something changed. */
  see({ snapshotsRevision }) {
    if (this.list && snapshotsRevision !== this.#revision && !this.#busy) this.refresh();
    this.#revision = snapshotsRevision;
  }

  async refresh() {
    let found = [];
    try {
      ({ snapshots: found } = await this.#ask('snapshots'));
    } catch (error) {
      say(this.status, `${error.message}.`);
    }
    for (const id of this.#chosen) if (!found.some((one) => one.id === id && one.status === 'ready')) this.#chosen.delete(id);
    // A row that has not changed stays the one it is: somebody may be about to click it.
    const rows = found.map((one) => {
      const text = JSON.stringify(one);
      const known = this.#rows.get(one.id);
      return known?.text === text ? known : { id: one.id, text, element: this.#row(one) };
    });
    const focused = document.activeElement?.id;
    this.#rows = new Map(rows.map((row) => [row.id, row]));
    for (const old of [...this.list.children]) if (!rows.some(({ element }) => element === old)) old.remove();
    for (const [i, { element }] of rows.entries()) if (this.list.children[i] !== element) this.list.insertBefore(element, this.list.children[i] ?? null);
    if (focused && document.activeElement?.id !== focused) byId(focused)?.focus();
    this.#enable();
    return found;
  }

  #row({ id, bytes, timeMs, pid, origin, status, error, pauseMs, isAnalysed }) {
    const name = moment(timeMs, Date.now(), { seconds: true });
    const words = status === 'taking' ? 'being taken…' : status === 'failed' ? error : [formatBytes(bytes), ORIGINS[origin], origin === 'page' ? pauseMs !== null && `paused ${formatMs(pauseMs)}` : `process ${pid}`].filter(Boolean).join(' · ');
    const { trigger, download } = this.#may;
    const choose = make('input', { type: 'checkbox', id: `c${id}`, disabled: status !== 'ready', onchange: ({ target }) => this.#choose(id, target) });
    choose.checked = this.#chosen.has(id);
    return make('li', { 'data-status': status },
      trigger ? make('label', {}, choose, make('b', {}, name)) : make('b', {}, name),
      make('span', {}, words),
      status === 'ready' && make('span', { class: 'actions' },
        trigger && make('button', { type: 'button', class: 'act', id: `a${id}`, onclick: () => this.#analyse(id), 'aria-label': `Analyse the snapshot of ${name}` }, isAnalysed ? 'Look into' : 'Analyse'),
        download && make('a', { href: `${base}snapshots/${id}/download`, download: true, 'aria-label': `Download the snapshot of ${name}` }, 'Download')));
  }

  /** Two at most: a third one takes the place of the first. */
  #choose(id, box) {
    if (box.checked) this.#chosen.add(id);
    else this.#chosen.delete(id);
    if (this.#chosen.size > 2) {
      const [first] = this.#chosen;
      this.#chosen.delete(first);
      byId(`c${first}`).checked = false;
    }
    this.#enable();
  }
}

function findingList(findings) {
  if (findings.length === 0) return make('p', {}, 'Nothing grew that a program could let go of.');
  return make('ol', { class: 'findings' }, findings.slice(0, 5).map(({ sentence, path }) => make('li', {}, make('p', {}, sentence), steps(path))));
}

const steps = (path) => make('ol', { class: 'path' }, path.map((step) => make('li', {}, step)));

/** The classes that retain most; each opens to its biggest objects, and who holds them. */
function classTable(rows, summary) {
  const columns = [['count', (row) => count(row.count)], ['shallow', (row) => formatBytes(row.shallow)], ['retained', (row) => formatBytes(row.retained)], ['Δ', (row) => signed(formatBytes)(row.delta)]];
  const most = Math.max(0, ...rows.map(({ delta }) => delta ?? 0));
  const body = make('tbody', {}, rows.flatMap((row) => {
    const detail = make('tr', { class: 'detail', hidden: true }, make('td', { colspan: columns.length + 1, class: 'text' }));
    const button = make('button', { type: 'button', 'aria-expanded': 'false', onclick: () => {
      detail.hidden = !detail.hidden;
      button.setAttribute('aria-expanded', String(!detail.hidden));
      if (!detail.hidden) detail.firstChild.replaceChildren(...holders(row, summary));
    } }, row.name || '(no name)', row.location && make('small', {}, row.location));
    return [make('tr', {}, make('th', { scope: 'row', class: 'text' }, button), columns.map(([name, of]) => make('td', name === 'Δ' && row.delta > most / 10 ? { 'data-tone': 'leak' } : {}, of(row)))), detail];
  }));
  const rest = [...body.children].slice(2 * ROWS).filter((line) => !line.classList.contains('detail'));
  for (const line of rest) line.hidden = true;
  const more = rest.length > 0 && make('button', { type: 'button', class: 'more', onclick: ({ target }) => { for (const line of rest) line.hidden = false; target.remove(); } }, `Show ${rest.length} more`);
  return make('div', { class: 'scroll classes', tabindex: 0, role: 'region', 'aria-label': 'Classes' },
    make('table', {}, make('thead', {}, make('tr', {}, make('th', { scope: 'col', class: 'text' }, 'class'), columns.map(([name]) => make('th', { scope: 'col' }, name)))), body), more);
}

const count = (value) => (value === null ? '–' : formatCount(value));

function holders({ name, holder, path: way }, { biggest }) {
  const own = biggest.filter((object) => object.name === name || object.name.startsWith(`${name} `)).slice(0, 3);
  if (own.length > 0) return own.map(({ retained, holder, path }) => make('div', {}, make('p', {}, `${formatBytes(retained)} held by ${holder}`), steps(path)));
  return way?.length > 0 ? [make('p', {}, `The one that retains most is held by ${holder}`), steps(way)] : [make('p', { class: 'note' }, 'No way to it is known.')];
}
