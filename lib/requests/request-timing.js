'use strict';

const { checkFields, flag, matching, whole } = require('../check.js');
const { find } = require('../running.js');
const { warnOnce } = require('../warn.js');
const { messageOf } = require('../errors.js');
const { requestFamilies } = require('./families.js');
const { Flight } = require('./flight.js');
const { routeOf } = require('./route.js');
const { Routes, ORDERS } = require('./routes.js');
const { setMetric, withMetric } = require('./server-timing.js');
const { FAMILIES } = require('./symbol.js');
const { whenOver } = require('./when-over.js');

/** Enough for most applications; each route takes up to 21 KB. */
const DEFAULT_MAX_ROUTES = 100;

/** Of the requests, a twentieth: what a count costs is then a fraction of a microsecond a request. */
const DEFAULT_SAMPLING = 0.05;

/** Nearly always. */
const NO_GC = 'gc;dur=0';

const FIELDS = {
  allocationSampling: matching((value) => typeof value === 'number' && value >= 0 && value <= 1, 'a share of the requests from 0 (none) to 1 (all)'),
  header: flag,
  maxRoutes: whole(1, 10_000),
  route: matching((value) => typeof value === 'function', 'a function of request and response that answers a name, or undefined for the usual one'),
};

const SORT = { sortBy: matching((value) => typeof value === 'string' && Object.hasOwn(ORDERS, value), `one of ${Object.keys(ORDERS).join(', ')}`) };

/**
 * @param {import('../../index').RequestTimingOptions} [options]
 * @returns {import('../../index').RequestTiming}
 */
function requestTiming(options = {}) {
  const { allocationSampling = DEFAULT_SAMPLING, header = true, maxRoutes = DEFAULT_MAX_ROUTES, route: nameOf } = checkFields(options, FIELDS, { example: '{ maxRoutes: 50 }' });
  const routes = new Routes(maxRoutes);
  const MARK = Symbol('heapwatch.requestTiming');
  /** @type {InstanceType<typeof Flight> | null} */
  let flight = null;

  /** Under the watcher that runs now; null: there is none, or it knows of GCs too late to say whose they were. */
  function current() {
    const tally = find()?.tally ?? null;
    if (flight === null || flight.tally !== tally) flight = tally === null ? null : new Flight(tally, allocationSampling);
    return flight;
  }

  /**
   * @param {any} request as the framework has it
   * @param {any} response
   * @param {any} raw node:http's response
   */
  function begin(request, response, raw) {
    const under = current();
    if (under === null || raw[MARK] !== undefined) return; // mounted twice
    const timed = under.begin();
    timed.request = request;
    timed.response = response;
    raw[MARK] = timed;
    if (header && !raw.headersSent) {
      timed.writeHead = raw.writeHead;
      raw.writeHead = writeHead;
    }
    whenOver(raw, end);
  }

  /**
   * In place of the response's own, which it calls.
   *
   * @this {any}
   * @param {number} status
   * @param {any[]} rest
   */
  function writeHead(status, ...rest) {
    const timed = this[MARK];
    if (timed.isShown || this.headersSent) return timed.writeHead.call(this, status, ...rest);
    timed.isShown = true;
    const { gcMs } = timed;
    const metric = gcMs === 0 ? NO_GC : `gc;dur=${+gcMs.toFixed(3)}`;
    if (rest.length > 0) return timed.writeHead.apply(this, withMetric(this, [status, ...rest], metric));
    setMetric(this, metric); // frameworks set their headers one by one, and leave this call to node:http
    return timed.writeHead.call(this, status);
  }

  /**
   * A listener of the response's, the same one for all.
   *
   * @this {any} node:http's response
   */
  function end() {
    const timed = this[MARK];
    if (timed.isOver || timed.flight !== current()) return; // its watcher has gone meanwhile
    timed.isOver = true;
    routes.add(name(timed.request, timed.response), timed.flight.end(timed), !this.writableFinished);
  }

  /**
   * @param {any} request
   * @param {any} response
   */
  function name(request, response) {
    if (nameOf === undefined) return routeOf(request);
    try {
      const given = nameOf(request, response);
      if (given !== undefined) return String(given);
    } catch (error) {
      warnOnce('HEAPWATCH_ROUTE_FAILED', `heapwatch: requestTiming's route() failed, the usual name is used: ${messageOf(error)}`);
    }
    return routeOf(request);
  }

  /**
   * @param {any} request
   * @param {any} response
   * @param {any} [next]
   */
  function timing(request, response, next) {
    if (typeof response === 'function') { // Koa: (context, next)
      begin(request, request, request.res);
      return response();
    }
    begin(request, response, response.raw ?? response); // Fastify has node:http's own inside
    return next?.();
  }

  return Object.assign(timing, {
    /** @param {{ sortBy?: import('../../index').RouteOrder }} [sorting] */
    routes(sorting = {}) {
      const { sortBy = 'gcRatio' } = checkFields(sorting, SORT, { example: "{ sortBy: 'bytesPerRequest' }" });
      return routes.toTimings(sortBy);
    },
    reset: () => routes.clear(),
    /** @param {string} prefix */
    [FAMILIES]: (prefix) => requestFamilies(routes.toTimings('count'), prefix),
  });
}

module.exports = { requestTiming };
