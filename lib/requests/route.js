'use strict';

// The name under which a request is counted: its route's pattern, never its path, of which there are as many as somebody likes to ask for.

/** What no route has answered: under one name, whatever was asked for. */
const NO_ROUTE = '(no route)';

const MAX_LENGTH = 200;

/** What a router puts where the pattern had a parameter: numbers, UUIDs, long hexadecimal ones, and what is too long for a word. */
const VALUE = /^(?:\d+|[\da-f]{8}-[\da-f-]{27}|(?=.*\d)[\da-f]{8,}|.{33,})$/i;

/**
 * By what the framework has left on its request once the response is over.
 *
 * @param {any} request Express's or node:http's, or Fastify's, or Koa's context
 * @returns {string}
 */
function routeOf(request) {
  const path = patternOf(request);
  return path === undefined ? NO_ROUTE : `${request.method} ${path}`.slice(0, MAX_LENGTH);
}

/** @param {any} request @returns {string | undefined} */
function patternOf(request) {
  if (request.routeOptions !== undefined) return request.routeOptions.url; // Fastify
  if (request._matchedRoute !== undefined) return String(request._matchedRoute); // Koa with @koa/router
  const base = typeof request.baseUrl === 'string' ? withoutValues(request.baseUrl, request.params) : '';
  if (request.route?.path !== undefined) return `${base}${base !== '' && request.route.path === '/' ? '' : request.route.path}`;
  return base === '' ? undefined : `${base}/*`; // app.use('/static', …) answered itself
}

/**
 * Express has the pattern of the last router alone: the way to it is known as it was asked for.
 *
 * @param {string} base
 * @param {Record<string, string> | undefined} params
 */
function withoutValues(base, params) {
  const names = new Map(Object.entries(params ?? {}).map(([name, value]) => [value, name]));
  return base.split('/').map((part) => (names.has(part) ? `:${names.get(part)}` : VALUE.test(part) ? ':value' : part)).join('/');
}

module.exports = { routeOf, NO_ROUTE };
