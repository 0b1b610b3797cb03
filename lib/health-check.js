'use strict';

const { checkFields, matching, whole } = require('./check.js');
const { find } = require('./running.js');

/** A missing watcher is not a sick process: what switches heapwatch off must not take the service down. */
const UNWATCHED = Object.freeze({ status: 'ok', reason: 'no watcher is running: nothing is known' });

const FIELDS = {
  watcher: matching((value) => typeof value === 'object' && value !== null && typeof value.health === 'function', 'a watcher, as start() returns it'),
  failingStatus: whole(400, 599),
};

/**
 * A handler for node:http and for what follows its conventions, Express among them.
 *
 * @param {import('../index').HealthCheckOptions} [options]
 * @returns {import('../index').HealthHandler}
 */
function healthCheck(options = {}) {
  const { watcher, failingStatus = 503 } = checkFields(options, FIELDS, { example: '{ failingStatus: 503 }' });
  return (_request, response) => {
    const health = (watcher ?? find())?.health() ?? UNWATCHED;
    response.statusCode = health.status === 'failing' ? failingStatus : 200;
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.setHeader('cache-control', 'no-store');
    response.end(JSON.stringify(health));
  };
}

module.exports = { healthCheck };
