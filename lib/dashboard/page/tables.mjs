// @ts-nocheck: runs in a browser

import { make, say } from './dom.mjs';

/**
 * A table whose rows are replaced in place: what is selected or focused in it stays.
 * columns: { title, of(row), text (left, and it may break), tone(row) }
 */
export class Table {
  constructor(caption, columns) {
    this.columns = columns;
    this.body = make('tbody');
    this.element = make('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
      make('table', {}, make('thead', {}, make('tr', {}, columns.map(({ title, text }) => make('th', { scope: 'col', class: text && 'text' }, title)))), this.body));
  }

  fill(list) {
    while (this.body.children.length > list.length) this.body.lastChild.remove();
    while (this.body.children.length < list.length) this.body.append(make('tr', {}, this.columns.map(({ text }) => make('td', { class: text && 'text' }))));
    for (const [i, row] of list.entries()) {
      for (const [j, { of, tone }] of this.columns.entries()) {
        const cell = this.body.children[i].children[j];
        say(cell, String(of(row)));
        if (tone) cell.dataset.tone = tone(row) ?? '';
      }
    }
  }
}

/** A part of the page with a title. */
export function card(title, ...content) {
  return make('section', { class: 'card' }, make('h2', {}, title), content);
}
