/* global document, addEventListener, requestAnimationFrame */
// @ts-nocheck: runs in a browser
'use strict';

// Shows the result that stands beside it. Text goes in by textContent alone.

(() => {
  const result = JSON.parse(document.getElementById('data').textContent);
  const main = document.getElementById('main');

  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === 'onclick' || key === 'oninput') element[key] = value;
      else element.setAttribute(key, value);
    }
    element.append(...children.map((child) => (typeof child === 'object' ? child : String(child))));
    return element;
  };
  const bytes = (value) => {
    let [size, unit] = [Math.abs(value), 0];
    while (size >= 1023.5 && unit < 4) { size /= 1024; unit += 1; }
    return `${value < 0 ? '−' : ''}${unit > 0 && size < 99.95 ? size.toFixed(1) : Math.round(size)} ${['B', 'KB', 'MB', 'GB', 'TB'][unit]}`;
  };
  const number = (value) => value.toLocaleString('en-US');
  const signed = (format) => (value) => (value > 0 ? `+${format(value)}` : format(value));
  const section = (title, ...content) => main.append(make('h2', {}, title), ...content);
  const steps = (path) => make('ol', {}, ...path.map((step) => make('li', {}, step)));

  /** A table that is sorted by its titles and searched by its texts. */
  function table(columns, rows, { search = false } = {}) {
    const sorted = [...rows];
    let by = null;
    let wanted = '';
    const body = make('tbody');
    const fill = () => {
      const shown = sorted.filter((row) => wanted === '' || columns.some((column) => column.text && String(column.of(row) ?? '').toLowerCase().includes(wanted)));
      body.replaceChildren(...shown.map((row) => make('tr', {}, ...columns.map((column) => make('td', column.text ? { class: 'text' } : {}, (column.format ?? String)(column.of(row) ?? ''))))));
    };
    const heads = columns.map((column) => {
      const head = make('th', column.text ? { class: 'text', scope: 'col' } : { scope: 'col' });
      head.append(make('button', { type: 'button', onclick: () => {
        const up = by === column ? head.getAttribute('aria-sort') === 'descending' : Boolean(column.text);
        by = column;
        heads.forEach((other) => other.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
        const compare = (a, b) => (column.text ? String(column.of(a) ?? '').localeCompare(String(column.of(b) ?? '')) : column.of(a) - column.of(b));
        sorted.sort((a, b) => (up ? compare(a, b) : compare(b, a)));
        fill();
      } }, column.title));
      return head;
    });
    fill();
    const scroll = make('div', { class: 'scroll' }, make('table', {}, make('thead', {}, make('tr', {}, ...heads)), body));
    if (!search) return scroll;
    const input = make('input', { type: 'search', placeholder: 'search', 'aria-label': 'search', oninput: () => { wanted = input.value.toLowerCase(); fill(); } });
    return make('div', {}, input, scroll);
  }

  /** Rectangles of the sizes of a node's children, cut in halves of about the same size. */
  function treemap(root) {
    const map = make('div', { class: 'map' });
    const crumbs = make('p', { class: 'crumbs' });
    const way = [root];
    const place = (items, x, y, width, height) => {
      if (items.length === 0 || width < 2 || height < 2) return;
      if (items.length === 1) {
        const [{ node, label, size }] = items;
        const hue = [...label].reduce((sum, character) => (sum * 31 + character.codePointAt(0)) % 360, 7);
        const cell = make('button', { type: 'button', class: 'cell', title: `${label} ${bytes(size)}`,
          style: `left:${x}px;top:${y}px;width:${width}px;height:${height}px;background:hsl(${hue} 55% 74%)` }, `${label} ${bytes(size)}`);
        if (node) cell.onclick = () => { if (node.children.length > 0) { way.push(node); draw(); } };
        map.append(cell);
        return;
      }
      const total = items.reduce((sum, item) => sum + item.size, 0);
      let [at, half] = [0, 0];
      do { half += items[at].size; at += 1; } while (at < items.length - 1 && half + items[at].size / 2 < total / 2);
      const share = total === 0 ? 0.5 : half / total;
      if (width > height) {
        place(items.slice(0, at), x, y, width * share, height);
        place(items.slice(at), x + width * share, y, width * (1 - share), height);
      } else {
        place(items.slice(0, at), x, y, width, height * share);
        place(items.slice(at), x, y + height * share, width, height * (1 - share));
      }
    };
    function draw() {
      const node = way.at(-1);
      map.replaceChildren();
      crumbs.replaceChildren(...way.flatMap((step, at) => [at > 0 ? ' › ' : '', make('button', { type: 'button', onclick: () => { way.length = at + 1; draw(); } }, step.name || '(root)')]));
      const items = node.children.map((child) => ({ node: child, label: child.name, size: child.retained }));
      const rest = node.retained - items.reduce((sum, item) => sum + item.size, 0);
      if (rest > 0) items.push({ node: null, label: 'itself and smaller ones', size: rest });
      items.sort((a, b) => b.size - a.size);
      place(items, 0, 0, map.clientWidth, map.clientHeight);
    }
    addEventListener('resize', draw);
    requestAnimationFrame(draw);
    return [crumbs, map];
  }

  function tree(node) {
    const line = [node.name || '(root)', ' ', make('span', { class: 'size' }, `@${node.id} ${bytes(node.retained)}`)];
    if (node.children.length === 0) return make('p', {}, ...line);
    return make('details', {}, make('summary', {}, ...line), ...node.children.map(tree));
  }

  function summary({ file, totals, nodes, edges, classes, biggest, collections, duplicateStrings, closures, emitters, timers, contexts, tree: root }) {
    document.title = `${file} – heapwatch`;
    document.getElementById('about').textContent = `${file}: ${number(nodes)} nodes, ${number(edges)} edges`;
    const sums = [['total', totals.total], ['strings', totals.strings], ['arrays', totals.arrays], ['code', totals.code], ['buffers', totals.typedArrays], ['other native', totals.native - totals.typedArrays], ['V8 itself', totals.system]];
    main.append(make('div', { class: 'sums' }, ...sums.map(([name, value]) => make('div', {}, make('b', {}, bytes(value)), name))));
    section('Who keeps how much alive', make('p', {}, 'Each rectangle is what would be freed with the object, by the dominator tree; those too small to matter are one.'), ...treemap(root));
    section('Classes', table([
      { title: 'class', text: true, of: (row) => (row.location === null ? row.name : `${row.name} ${row.location}`) },
      { title: 'count', of: (row) => row.count, format: number }, { title: 'shallow', of: (row) => row.shallow, format: bytes },
      { title: 'retained', of: (row) => row.retained, format: bytes }, { title: 'distance', of: (row) => row.distance, format: (value) => (value < 0 || value >= 1e8 ? '–' : String(value)) },
    ], classes, { search: true }));
    section('Biggest objects', ...biggest.map((object) => make('details', {},
      make('summary', {}, object.name, ' ', make('span', { class: 'size' }, `${bytes(object.retained)}, held by ${object.holder}`)), steps(object.path))));
    section('Dominator tree', tree(root));
    const held = { title: 'held by', text: true, of: (row) => row.holder };
    section('Collections', table([{ title: 'kind', text: true, of: (row) => row.kind }, { title: 'entries', of: (row) => row.entries, format: number }, { title: 'retained', of: (row) => row.retained, format: bytes }, held], collections));
    section(`Strings that are there more than once: ${bytes(duplicateStrings.wastedBytes)}`, table([{ title: 'text', text: true, of: (row) => row.text }, { title: 'count', of: (row) => row.count, format: number }, { title: 'bytes', of: (row) => row.bytes, format: bytes }, held], duplicateStrings.top));
    section('Functions by place', table([{ title: 'function', text: true, of: (row) => row.name || '(anonymous)' }, { title: 'place', text: true, of: (row) => `${row.script}:${row.line}:${row.column}` }, { title: 'count', of: (row) => row.count, format: number }, { title: 'retained', of: (row) => row.retained, format: bytes }], closures, { search: true }));
    if (emitters.length > 0) section('Emitters with many listeners', table([{ title: 'event', text: true, of: (row) => row.event }, { title: 'listeners', of: (row) => row.listeners, format: number }, { title: 'emitter', text: true, of: (row) => row.emitter }, held], emitters));
    if (timers.count > 0) section(`Timers: ${number(timers.count)}`, table([{ title: 'callback', text: true, of: (row) => row.function }, { title: 'count', of: (row) => row.count, format: number }], timers.callbacks));
    const detached = contexts.filter((context) => context.detached);
    if (detached.length > 0) section('Contexts that no root leads to', table([{ title: 'id', of: (row) => row.id }, { title: 'retained', of: (row) => row.retained, format: bytes }], detached));
  }

  function diff({ files, matchedBy, totals, findings, classes }) {
    document.title = 'Comparison – heapwatch';
    document.getElementById('about').textContent = `${files.join(' → ')}: ${totals.map(bytes).join(' → ')}, ${matchedBy === 'id' ? 'objects matched by id' : 'compared by class, shape and path'}`;
    section('What leaks', ...(findings.length === 0 ? [make('p', {}, 'Nothing grew that a program could let go of.')] : []), ...findings.map((finding, at) => {
      const row = make('details', {}, make('summary', {}, make('b', {}, `${at + 1}. `), finding.sentence), steps(finding.path));
      if (finding.intervals.length > 1) row.append(make('p', {}, finding.intervals.map(({ countDelta, retainedDelta }) => `${signed(number)(countDelta)} (${signed(bytes)(retainedDelta)})`).join(', then ')));
      if (at === 0) row.open = true;
      return row;
    }));
    section('Classes', table([
      { title: 'class', text: true, of: (row) => row.name }, { title: 'more', of: (row) => row.countDelta, format: signed(number) }, { title: 'bytes', of: (row) => row.sizeDelta, format: signed(bytes) },
      { title: 'new', of: (row) => row.newCount, format: number }, { title: 'deleted', of: (row) => row.deletedCount, format: number },
      { title: 'allocated', of: (row) => row.allocatedSize, format: bytes }, { title: 'freed', of: (row) => row.freedSize, format: bytes },
    ], classes, { search: true }));
  }

  if (result.findings) diff(result); else summary(result);
})();
