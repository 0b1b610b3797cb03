'use strict';

const { PauseHistogram } = require('../histogram.js');
const { TimeRecorder } = require('./histogram.js');
const { renderRoutes } = require('../terminal/routes.js');

/** @typedef {import('../../index').RouteTiming} RouteTiming */

/** What comes when there are routes enough: state is bounded whatever names somebody invents. */
const OTHER = 'other';

/** @type {Record<import('../../index').RouteOrder, (timing: RouteTiming) => number>} */
const ORDERS = {
  gcRatio: ({ gc }) => gc.timeRatio,
  gcMs: ({ gc }) => gc.totalMs,
  bytesPerRequest: ({ allocation }) => allocation?.bytesPerRequest ?? -1,
  bytes: ({ allocation }) => allocation?.totalBytes ?? -1,
  durationMs: ({ duration }) => duration.percentile(99),
  count: ({ count }) => count,
};

/** What one route's requests took. */
class Route {
  #aborted = 0;
  #withGc = new TimeRecorder();
  #withoutGc = new TimeRecorder();
  #gc = new TimeRecorder();
  #counted = { count: 0, bytes: 0 };
  #alone = { count: 0, bytes: 0 };

  /**
   * @param {{ durationMs: number, gcMs: number, bytes: number | null, alone: boolean }} request
   * @param {boolean} aborted
   */
  add({ durationMs, gcMs, bytes, alone }, aborted) {
    if (aborted) this.#aborted += 1;
    if (gcMs > 0) {
      this.#withGc.add(durationMs);
      this.#gc.add(gcMs);
    } else this.#withoutGc.add(durationMs);
    if (bytes === null) return;
    addTo(this.#counted, bytes);
    if (alone) addTo(this.#alone, bytes);
  }

  /**
   * @param {string} route
   * @returns {RouteTiming}
   */
  toTiming(route) {
    const all = new TimeRecorder().merge(this.#withGc).merge(this.#withoutGc);
    const { count, totalMs } = all;
    const show = (/** @type {InstanceType<typeof TimeRecorder>} */ recorder) => PauseHistogram.from(recorder.toJSON());
    return {
      route,
      count,
      aborted: this.#aborted,
      totalMs,
      duration: show(all),
      durationWithGc: show(this.#withGc),
      durationWithoutGc: show(this.#withoutGc),
      gc: { count: this.#gc.count, totalMs: this.#gc.totalMs, timeRatio: totalMs === 0 ? 0 : Math.min(1, this.#gc.totalMs / totalMs), perRequest: show(this.#gc) },
      allocation: this.#allocation(count),
    };
  }

  /**
   * @param {number} count
   * @returns {RouteTiming['allocation']}
   */
  #allocation(count) {
    const bytesPerRequest = meanOf(this.#counted);
    if (bytesPerRequest === null || Number.isNaN(bytesPerRequest)) return null;
    return {
      counted: this.#counted.count,
      bytesPerRequest,
      totalBytes: bytesPerRequest * count,
      alone: { counted: this.#alone.count, bytesPerRequest: meanOf(this.#alone) },
    };
  }
}

/** One that is unknown makes the sum unknown. @param {{ count: number, bytes: number }} sum @param {number} bytes */
function addTo(sum, bytes) {
  sum.count += 1;
  sum.bytes += bytes;
}

/** @param {{ count: number, bytes: number }} sum */
const meanOf = ({ count, bytes }) => (count === 0 ? null : bytes / count);

/** A route for each name, up to a number. */
class Routes {
  /** @type {Map<string, InstanceType<typeof Route>>} */
  #routes = new Map();
  #most;

  /** @param {number} most */
  constructor(most) {
    this.#most = most;
  }

  /**
   * @param {string} name
   * @param {Parameters<InstanceType<typeof Route>['add']>[0]} request
   * @param {boolean} aborted
   */
  add(name, request, aborted) {
    (this.#routes.get(name) ?? this.#open(name)).add(request, aborted);
  }

  /** @param {string} name */
  #open(name) {
    const known = this.#routes.size < this.#most ? name : OTHER;
    const route = this.#routes.get(known) ?? new Route();
    this.#routes.set(known, route);
    return route;
  }

  clear() {
    this.#routes.clear();
  }

  /**
   * @param {import('../../index').RouteOrder} sortBy
   * @returns {RouteTiming[]} largest first; as text, a table
   */
  toTimings(sortBy) {
    const value = ORDERS[sortBy];
    const timings = [...this.#routes].map(([name, route]) => route.toTiming(name)).sort((a, b) => value(b) - value(a));
    return Object.defineProperty(timings, 'toString', { value: () => renderRoutes(timings) });
  }
}

module.exports = { Routes, ORDERS };
