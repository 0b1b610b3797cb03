// @ts-nocheck: runs in a browser

import { byId, make, say } from './dom.mjs';
import { clock, day, moment } from './format.mjs';

// A chart as this page has it: a title, what the colours mean with the values under the cursor (or the newest), and the drawing.

/** Colours come from the style sheet, light or dark. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  return new Proxy({}, { get: (_, name) => style.getPropertyValue(`--${String(name)}`).trim() });
}

/** Times of day, and days where there are several. */
function times(_, splits, axis, space, increment) {
  return splits.map((split) => {
    const ms = Math.round(split / 1000) * 1000;
    if (increment < 60_000) return clock(ms, { seconds: true });
    const isMidnight = new Date(ms).getHours() === 0 && new Date(ms).getMinutes() === 0;
    return increment >= 86_400_000 || isMidnight ? day(ms) : clock(ms);
  });
}

const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** Steps of a byte axis: halves of powers of two read as round numbers in KB, MB and GB. */
export const BYTE_STEPS = Array.from({ length: 44 }, (_, i) => 2 ** i);

export class Chart {
  #plot = null;
  #cursor = null;

  /**
   * spec: title, note (words beside it), label (what it shows, for those who cannot see it), height, wide;
   * options(colours): series, axes.y, scales, hooks, bands of uPlot;
   * legend(colours): [{ name, colour, line, value(at) }], at: an index, or null for now; data(): aligned arrays, the times first.
   */
  constructor(spec) {
    this.spec = spec;
    this.note = make('p', { class: 'note' });
    this.legend = make('ul', { class: 'legend' });
    this.time = make('span', { class: 'time' });
    this.host = make('div', { class: 'plot', tabindex: 0, role: 'img', onkeydown: (event) => this.#key(event), onblur: () => this.#point(null) });
    this.element = make('figure', { class: spec.wide ? 'card wide' : 'card', id: spec.id },
      make('figcaption', {}, make('h2', {}, spec.title), this.time, this.note), this.legend, this.host);
    new ResizeObserver(() => this.#size()).observe(this.host);
  }

  #size() {
    const width = this.host.clientWidth;
    if (width > 0 && this.#plot && this.#plot.width !== width) this.#plot.setSize({ width, height: this.spec.height });
  }

  /** Anew, after the colours have changed. */
  rebuild() {
    this.#plot?.destroy();
    this.#plot = null;
    this.draw();
  }

  draw() {
    const data = this.spec.data();
    this.#plot ??= this.#make(data);
    this.#plot.setData(data, true);
    say(this.note, this.spec.note?.() ?? '');
    this.#tell();
  }

  #make(data) {
    const paint = colours();
    const { series, y, hooks = {}, bands, scales = {} } = this.spec.options(paint);
    const axis = { font: FONT, stroke: paint.dim, ticks: { show: false }, border: { show: false } };
    return new uPlot({
      width: Math.max(200, this.host.clientWidth), height: this.spec.height, ms: 1, legend: { show: false }, padding: [12, 18, 0, 0],
      cursor: { drag: { x: false, y: false }, points: { show: false }, y: false, sync: this.spec.sync === false ? undefined : { key: 'time', setSeries: false } },
      scales: { x: { time: true, range: () => this.spec.span() }, ...scales },
      axes: [
        { ...axis, values: times, space: 76, grid: { show: false }, size: 28 },
        { ...axis, size: 58, gap: 6, grid: { stroke: paint.grid, width: 1 }, space: 36, ...y },
      ],
      series: [{}, ...series],
      bands,
      hooks: { ...hooks, setCursor: [(plot) => { this.#cursor = plot.cursor.idx ?? null; if (plot.cursor.left < 0) this.#cursor = null; this.#tell(); }] },
    }, data, this.host);
  }

  /** The legend: of the cursor's place, or of now. */
  #tell() {
    const at = this.#cursor;
    const items = this.spec.legend(colours(), at);
    if (this.legend.children.length !== items.length) this.legend.replaceChildren(...items.map(() => make('li', {}, make('i'), make('span'), make('b'))));
    for (const [i, { name, colour, line, value }] of items.entries()) {
      const [swatch, label, figure] = this.legend.children[i].children;
      swatch.style.background = colour;
      swatch.className = line ?? '';
      say(label, name);
      say(figure, value);
    }
    const x = at === null ? null : this.#plot?.data[0][at];
    say(this.time, x === null || x === undefined ? '' : moment(x, Date.now(), { seconds: true }));
    this.host.setAttribute('aria-label', `${this.spec.label}: ${items.map(({ name, value }) => `${name} ${value}`).join(', ')}`);
  }

  /** The cursor by keys: a step with an arrow, ten with shift. */
  #key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === 'Escape') this.#point(null);
    if (step === undefined || !this.#plot) return;
    event.preventDefault();
    const last = this.#plot.data[0].length - 1;
    this.#point(Math.min(last, Math.max(0, (this.#cursor ?? last) + step * (event.shiftKey ? 10 : 1))));
  }

  #point(at) {
    if (!this.#plot) return;
    const left = at === null ? -10 : this.#plot.valToPos(this.#plot.data[0][at], 'x');
    this.#plot.setCursor({ left, top: at === null ? -10 : 10 });
  }
}

/** A horizontal line with its name, if it is within the chart. */
export function limitLine(plot, value, text, colour, { scale = 'y', dash = [6, 4], side = 'left', below = false } = {}) {
  const { left, top, width, height } = plot.bbox;
  const y = plot.valToPos(value, scale, true);
  if (!(y >= top && y <= top + height)) return;
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.lineWidth = ratio;
  ctx.setLineDash(dash.map((length) => length * ratio));
  ctx.beginPath();
  ctx.moveTo(left, y);
  ctx.lineTo(left + width, y);
  ctx.stroke();
  ctx.font = `600 ${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = side;
  ctx.textBaseline = below ? 'top' : 'bottom';
  ctx.fillText(text, side === 'left' ? left + 4 * ratio : left + width - 4 * ratio, y + (below ? 3 : -3) * ratio);
  ctx.restore();
}

/** Where charts stand. */
export const chartHost = () => byId('charts');
