'use strict';

const { bytes, checkFields, flag, matching, place, span, spanAboveZero, whole } = require('../check.js');
const { HeapwatchError, invalidOption } = require('../errors.js');

/** @typedef {import('./dashboard').Settings} Settings */

/** More pages than a team has open; each costs a socket and a write a second. */
const DEFAULT_MAX_CLIENTS = 50;

/** A person who clicks again has looked at the first one by then. */
const DEFAULT_COOLDOWN_MS = 10_000;

/** A heap of 1 GB takes a minute. */
const DEFAULT_TIMEOUT_MS = 300_000;

/** As many as somebody compares. */
const DEFAULT_MAX_FILES = 10;
const DEFAULT_MAX_BYTES = 4 * 1024 ** 3;

const callable = matching((value) => typeof value === 'function', 'a function');

/** @type {{ [K in keyof Required<import('../../index').DashboardOptions>]: import('../check').Check<any> }} */
const FIELDS = {
  path: matching((value) => typeof value === 'string' && /^(\/[^\s?#]*[^\s?#/])?$/.test(value), "what addresses begin with, such as '/debug/heap': with a slash in front and none at the end"),
  watcher: matching((value) => typeof value === 'object' && value !== null && typeof value.report === 'function' && typeof value.timeline === 'function', 'a watcher, as start() returns it'),
  authorize: callable,
  hosts: checkHosts,
  metrics: flag,
  trigger: flag,
  download: flag,
  redact: flag,
  dir: place,
  maxFiles: whole(1, 1_000_000),
  maxBytes: bytes,
  cooldownMs: span,
  timeoutMs: spanAboveZero,
  maxClients: whole(1, 10_000),
  audit: callable,
};

/**
 * @param {unknown} [given]
 * @returns {Settings}
 */
function checkDashboardOptions(given = {}) {
  const options = checkFields(given, FIELDS, { example: '{ authorize, trigger: true }' });
  for (const name of /** @type {const} */ (['trigger', 'download'])) {
    if (options[name] && options.authorize === undefined) throw unguarded(name);
  }
  return {
    path: '',
    hosts: new Set(),
    metrics: false,
    trigger: false,
    download: false,
    redact: true,
    maxFiles: DEFAULT_MAX_FILES,
    maxBytes: DEFAULT_MAX_BYTES,
    cooldownMs: DEFAULT_COOLDOWN_MS,
    timeoutMs: DEFAULT_TIMEOUT_MS,
    maxClients: DEFAULT_MAX_CLIENTS,
    ...options,
  };
}

/** @param {string} name */
function unguarded(name) {
  return new HeapwatchError(
    'HEAPWATCH_INVALID_OPTION',
    `heapwatch: ${name} is true, but there is no authorize. Snapshots hold every secret of the process and stop it for a moment: add authorize: (request) => …, which must answer true for whoever may.`,
    { option: 'authorize', value: undefined },
  );
}

/**
 * @param {unknown} value
 * @param {string} option
 * @returns {Set<string>}
 */
function checkHosts(value, option) {
  const isName = (/** @type {unknown} */ name) => typeof name === 'string' && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(name);
  if (!Array.isArray(value) || !value.every(isName)) throw invalidOption(option, value, "an array of host names without port, such as ['admin.example.com']");
  return new Set(value.map((name) => name.toLowerCase()));
}

module.exports = { checkDashboardOptions };
