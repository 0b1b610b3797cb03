'use strict';

// The name under which a request is counted: its route's pattern, never its path, of which there are as many as somebody likes to ask for.

/** What no route has answered: under one name, whatever was asked for. */
const NO_ROUTE = '(no route)';

const MAX_LENGTH = 200;

/** What a router puts where the pattern had a parameter: numbers, UUIDs, long hexadecimal ones, and what is too long for a word. */
const VALUE = /^(?:\d+|[\da-f]{8}-[\da-f-]{27}|(?=.*\d)[\da-f]{8,}|.{33,})$/i;

/** Without this there is none in a whole path. */
const PERHAPS_VALUE = /\d|[^/]{33}/;

/** Patterns that stand in the program's own text, so that each is put together and looked up as one and the same text at every request. */
const MAX_NAMES = 1_000;

/**
 * By path, then by method. Bounded, for a program may make up patterns as it goes.
 *
 * @type {Map<unknown, Record<string, string>>}
 */
const names = new Map();
let count = 0;

/**
 * By what the framework has left on its request once the response is over.
 *
 * @param {any} request Express's or node:http's, or Fastify's, or Koa's context
 * @returns {string}
 */
function routeOf(request) {
  const { routeOptions } = request; // Fastify makes it anew each time
  if (routeOptions !== undefined) return nameOf(request.method, routeOptions.url);
  if (request._matchedRoute !== undefined) return nameOf(request.method, request._matchedRoute); // Koa with @koa/router
  const path = request.route?.path;
  if (typeof request.baseUrl !== 'string' || request.baseUrl === '') return nameOf(request.method, path);
  const base = withoutValues(request.baseUrl, request.params);
  if (path === undefined) return said(request.method, `${base}/*`); // app.use('/static', …) answered itself
  return said(request.method, `${base}${path === '/' ? '' : path}`);
}

/**
 * @param {string} method
 * @param {unknown} path as the framework has it
 */
function nameOf(method, path) {
  if (path === undefined) return NO_ROUTE;
  const known = names.get(path)?.[method];
  if (known !== undefined) return known;
  const name = said(method, String(path));
  if (count < MAX_NAMES) {
    count += 1;
    const ofPath = names.get(path) ?? Object.create(null);
    names.set(path, ofPath);
    ofPath[method] = name;
  }
  return name;
}

/** @param {string} method @param {string} path */
const said = (method, path) => `${method} ${path}`.slice(0, MAX_LENGTH);

/**
 * Express has the pattern of the last router alone: the way to it is known as it was asked for.
 *
 * @param {string} base
 * @param {Record<string, string> | undefined} params
 */
function withoutValues(base, params) {
  const given = Object.entries(params ?? {});
  if (given.length === 0 && !PERHAPS_VALUE.test(base)) return base;
  const names = new Map(given.map(([name, value]) => [value, name]));
  return base.split('/').map((part) => (names.has(part) ? `:${names.get(part)}` : VALUE.test(part) ? ':value' : part)).join('/');
}

module.exports = { routeOf, NO_ROUTE };
