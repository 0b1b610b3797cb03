'use strict';

const { messageOf } = require('../errors.js');
const { warn } = require('../warn.js');
const { checkHost, checkSite, checkToken, demandAuthorized } = require('./guard.js');
const { Refusal, toRefusal } = require('./refusal.js');
const { ROUTES } = require('./routes.js');

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {import('node:http').ServerResponse} Response */

/** On every answer, whatever the application has set before. `no-transform`: what compresses answers would hold back a stream. */
const HEADERS = {
  'cache-control': 'no-store, no-transform',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Finds the route of a request, lets the guards look at it, and answers. */
class Router {
  #parts;

  /** @param {import('./dashboard').Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * @param {Request} request
   * @param {Response} response
   * @param {unknown} next
   */
  handle(request, response, next) {
    const path = this.#pathOf(request);
    if (path === null && typeof next === 'function') next(); // what it throws is its caller's
    else this.#answer(request, response, path);
  }

  /**
   * @param {Request} request
   * @param {Response} response
   * @param {string | null} path
   */
  async #answer(request, response, path) {
    /** @type {{ route: import('./routes').Route, ids: string[] } | null} */
    let found = null;
    try {
      for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
      found = find(path, request.method ?? 'GET');
      await this.#guard(request, found.route);
      if (response.destroyed) return; // gone while authorize was asked
      await found.route.answer(this.#parts, { request, response, ids: found.ids });
    } catch (error) {
      this.#refuse(request, response, found, error);
    }
  }

  /**
   * What is left of the address where this is mounted; null: it is not about us.
   *
   * @param {Request} request
   */
  #pathOf({ url = '/' }) {
    const { path } = this.#parts.settings;
    const [whole] = url.split('?', 1);
    if (whole !== path && !whole.startsWith(`${path}/`) && !(path === '' && whole === '')) return null;
    return whole.slice(path.length).replace(/\/$/, '');
  }

  /**
   * @param {Request} request
   * @param {import('./routes').Route} route
   */
  async #guard(request, route) {
    const { settings, token } = this.#parts;
    checkHost(request, settings);
    checkSite(request, settings, { isNavigation: route.isPage === true });
    if (route.isOff?.(settings)) throw new Refusal(route.action === 'metrics' ? 404 : 403, `this is switched off: dashboard({ ${route.action}: true })`);
    const action = typeof route.action === 'function' ? route.action(settings) : route.action;
    await demandAuthorized(request, action, settings);
    if (route.method === 'POST') checkToken(request, token);
  }

  /**
   * @param {Request} request
   * @param {Response} response
   * @param {{ route: import('./routes').Route } | null} found
   * @param {unknown} error
   */
  #refuse(request, response, found, error) {
    const known = error instanceof Refusal || /^HEAPWATCH_/.test(/** @type {any} */ (error)?.code ?? '') || /** @type {any} */ (error)?.name === 'TimeoutError';
    if (!known) warn('HEAPWATCH_DASHBOARD', `heapwatch: the dashboard failed: ${messageOf(error)}`);
    const refusal = known ? toRefusal(error) : new Refusal(500, 'something went wrong here; a process warning has the details');
    const { audited } = found?.route ?? {};
    if (audited !== undefined) this.#parts.audit.add(request, { action: audited, outcome: refusal.status < 500 ? 'refused' : 'failed', status: refusal.status, reason: refusal.message });
    if (response.headersSent) {
      response.destroy(); // what was promised cannot be kept
      return;
    }
    const isPage = found?.route.isPage === true;
    response.writeHead(refusal.status, { ...refusal.headers, 'content-type': `${isPage ? 'text/plain' : 'application/json'}; charset=utf-8` });
    const { status, code, message } = refusal;
    response.end(isPage ? `heapwatch: ${message}\n` : JSON.stringify({ error: { status, ...(code && { code }), message } }));
  }
}

/**
 * @param {string | null} path
 * @param {string} method
 * @returns {{ route: import('./routes').Route, ids: string[] }}
 */
function find(path, method) {
  const asked = method === 'HEAD' ? 'GET' : method;
  const there = ROUTES.filter(({ pattern }) => path !== null && pattern.test(path));
  if (there.length === 0) throw new Refusal(404, 'there is nothing of this name');
  const route = there.find((one) => one.method === asked);
  if (route === undefined) throw new Refusal(405, `this takes ${there.map((one) => one.method).join(' or ')}`, { allow: there.map((one) => one.method).join(', ') });
  return { route, ids: /** @type {RegExpExecArray} */ (route.pattern.exec(/** @type {string} */ (path))).slice(1) };
}

module.exports = { Router };
