// @ts-nocheck: runs in a browser

// What the terminal's units lack: times of day and spans.

const DAY_MS = 86_400_000;

const two = (value) => String(value).padStart(2, '0');

/** 20:05, with seconds where they matter. */
export function clock(timeMs, { seconds = false } = {}) {
  const date = new Date(timeMs);
  return `${two(date.getHours())}:${two(date.getMinutes())}${seconds ? `:${two(date.getSeconds())}` : ''}`;
}

/** 3 Nov */
export function day(timeMs) {
  return new Date(timeMs).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
}

/** A time that may be another day's. */
export function moment(timeMs, nowMs, options) {
  const isToday = new Date(timeMs).toDateString() === new Date(nowMs).toDateString();
  return isToday ? clock(timeMs, options) : `${day(timeMs)}, ${clock(timeMs)}`;
}

/** 45 s, 12 min, 3 h 20 min, 4 d 2 h: as one says it. */
export function span(ms) {
  const minutes = Math.round(ms / 60_000);
  if (ms < 99_500) return `${Math.max(1, Math.round(ms / 1000))} s`;
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (ms < DAY_MS) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(ms / DAY_MS);
  const rest = Math.round((ms - days * DAY_MS) / 3_600_000);
  return rest === 0 ? `${days} d` : `${days} d ${rest} h`;
}

/** '3 to 5 min', '50 s to 2 min'. */
export function spans(fromMs, toMs) {
  const [from, to] = [span(fromMs), span(toMs)];
  if (from === to) return from;
  const [, number, unit] = /^(\d+) (\S+)$/.exec(from) ?? [];
  return unit !== undefined && to.endsWith(` ${unit}`) && /^\d+ \S+$/.test(to) ? `${number} to ${to}` : `${from} to ${to}`;
}
