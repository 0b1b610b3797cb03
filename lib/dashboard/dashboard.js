'use strict';

const { randomBytes } = require('node:crypto');

const { DISPOSE } = require('../dispose.js');
const { Audit } = require('./audit.js');
const { Events } = require('./events.js');
const { checkDashboardOptions } = require('./options.js');
const { Router } = require('./router.js');
const { Snapshots } = require('./snapshots.js');
const { State } = require('./state.js');
const { Streams } = require('./streams.js');

/**
 * @typedef {import('../../index').DashboardOptions} DashboardOptions
 * @typedef {Required<Pick<DashboardOptions, 'path' | 'metrics' | 'trigger' | 'download' | 'redact' | 'maxFiles' | 'cooldownMs' | 'timeoutMs' | 'maxClients'>>
 *   & Pick<DashboardOptions, 'authorize' | 'watcher' | 'dir' | 'audit'> & { hosts: Set<string>, maxBytes: number }} Settings
 *
 * @typedef {object} Parts what the routes work with
 * @property {Settings} settings
 * @property {string} token known to pages of this dashboard alone
 * @property {InstanceType<typeof State>} state
 * @property {InstanceType<typeof Streams>} streams
 * @property {InstanceType<typeof Snapshots>} snapshots
 * @property {InstanceType<typeof Events>} events
 * @property {InstanceType<typeof Audit>} audit
 */

/**
 * A page about this process, as a handler for node:http and what follows its conventions.
 *
 * @param {DashboardOptions} [options]
 * @returns {import('../../index').DashboardHandler}
 */
function dashboard(options) {
  const settings = checkDashboardOptions(options);
  const events = new Events();
  const snapshots = new Snapshots(settings);
  const state = new State(settings.watcher, events, () => snapshots.revision);
  const streams = new Streams({ begin: () => state.beginTicks(), tick: () => state.tick() }, { maxClients: settings.maxClients });
  const audit = new Audit(settings.audit);
  const router = new Router({ settings, token: randomBytes(24).toString('base64url'), state, streams, snapshots, events, audit });

  const close = () => {
    streams.close();
    snapshots.close();
    events.close();
  };
  // Three parameters, used or not: some adapters count them to see whether a handler may answer later.
  const handler = (/** @type {any} */ request, /** @type {any} */ response, /** @type {any} */ next) => { router.handle(request, response, next); };
  return /** @type {any} */ (Object.assign(handler, { close, [DISPOSE]: close }));
}

module.exports = { dashboard };
