'use strict';

// A response's head is written late, by whoever writes first, through writeHead() with or without headers of its own. What is
// added there must change nothing else: the headers stay in the form in which they came, and those of the same name stay too.

const NAME = 'Server-Timing';

/**
 * The arguments of a writeHead() with one more metric.
 *
 * @param {any} response
 * @param {any[]} args
 * @param {string} metric
 * @returns {any[]}
 */
function withMetric(response, args, metric) {
  const at = args[2] != null ? 2 : typeof args[1] === 'object' && args[1] !== null ? 1 : -1;
  if (at < 0) {
    setMetric(response, metric);
    return args;
  }
  const changed = [...args];
  changed[at] = withHeader(args[at], response.getHeader(NAME), metric);
  return changed;
}

/**
 * @param {any} response
 * @param {string} metric
 */
function setMetric(response, metric) {
  response.setHeader(NAME, append(response.getHeader(NAME), metric));
}

/**
 * Headers given to writeHead() replace those of the same name that were set before: so does the one that is added.
 *
 * @param {any} headers an object, a list of names and values in turn, or a list of pairs
 * @param {unknown} earlier
 * @param {string} metric
 */
function withHeader(headers, earlier, metric) {
  const isName = (/** @type {unknown} */ name) => typeof name === 'string' && name.toLowerCase() === 'server-timing';
  if (!Array.isArray(headers)) {
    const own = Object.keys(headers).find(isName);
    return own === undefined ? { ...headers, [NAME]: append(earlier, metric) } : { ...headers, [own]: append(headers[own], metric) };
  }
  if (Array.isArray(headers[0])) {
    const own = headers.findIndex(([name]) => isName(name));
    return own < 0 ? [...headers, [NAME, append(earlier, metric)]] : headers.with(own, [headers[own][0], append(headers[own][1], metric)]);
  }
  const own = headers.findIndex((name, at) => at % 2 === 0 && isName(name));
  return own < 0 ? [...headers, NAME, append(earlier, metric)] : headers.with(own + 1, append(headers[own + 1], metric));
}

/**
 * @param {unknown} earlier a text, or several
 * @param {string} metric
 */
function append(earlier, metric) {
  if (earlier === undefined) return metric;
  return Array.isArray(earlier) ? [...earlier, metric] : `${earlier}, ${metric}`;
}

module.exports = { setMetric, withMetric };
