'use strict';

// Where start({ metricsListen }) listens: checked here, done by the native part (src/listener).

const { isIP, BlockList } = require('node:net');
const path = require('node:path');

const { checkFields, flag, matching } = require('./check.js');
const { invalidOption } = require('./errors.js');
const { checkMetricsOptions, METRICS_FIELDS } = require('./exporters/metrics-options.js');

/** @typedef {import('./exporters/metrics-options').CheckedMetricsOptions} CheckedMetricsOptions */
/** @typedef {{ tcp?: string, unix?: string, hosts: string[], metrics: CheckedMetricsOptions }} Listen */

/** What sun_path holds, on the system that has the least. */
const MAX_SOCKET_PATH = 103;

const MAX_PORT = 65_535;

const ADDRESS_WANTED = "'127.0.0.1:9464', ':9464' or 9464 (loopback; port 0: a free one), '[::1]:9464', or 'unix:/run/app/%p.sock' (%p: the process's id)";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** A host name, without a port. */
const HOST = /^[a-z0-9_]([a-z0-9_.-]{0,252})$/i;

const FIELDS = {
  address: (/** @type {unknown} */ value) => value,
  allowRemote: flag,
  hosts: matching((value) => Array.isArray(value) && value.every((host) => typeof host === 'string' && HOST.test(host)), "an array of host names without ports, such as ['app.internal']"),
  names: METRICS_FIELDS.names,
  prefix: METRICS_FIELDS.prefix,
  labels: METRICS_FIELDS.labels,
};

/**
 * @param {unknown} given
 * @param {string} option
 * @returns {Listen | false}
 */
function checkMetricsListen(given, option) {
  if (given === false) return false;
  if (typeof given !== 'object') return { ...readAddress(given, option, false), hosts: [], metrics: checkMetricsOptions() };
  const { address, allowRemote = false, hosts = [], ...metrics } = checkFields(given, FIELDS, { path: option, example: "{ address: '0.0.0.0:9464', allowRemote: true }" });
  return { ...readAddress(address, `${option}.address`, allowRemote), hosts: [...hosts], metrics: checkMetricsOptions(metrics) };
}

/**
 * @param {unknown} given
 * @param {string} option
 * @param {boolean} allowRemote
 * @returns {{ tcp: string } | { unix: string }}
 */
function readAddress(given, option, allowRemote) {
  const text = typeof given === 'number' || (typeof given === 'string' && /^\d+$/.test(given)) ? `:${given}` : given;
  if (typeof text !== 'string') throw invalidOption(option, given, ADDRESS_WANTED);
  if (text.startsWith('unix:')) return { unix: socketPath(text.slice('unix:'.length), option, given) };
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? (plain === '' || plain === 'localhost' ? '127.0.0.1' : plain);
  const family = host === undefined ? 0 : isIP(host);
  if (family === 0 || (family === 6) !== (bracketed !== undefined) || Number(digits) > MAX_PORT) throw invalidOption(option, given, ADDRESS_WANTED);
  if (!allowRemote && !LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4')) {
    throw invalidOption(option, given, `an address of this machine's own (127.0.0.1, [::1]) or a Unix socket, unless others are let in on purpose, with { address: '${text}', allowRemote: true }: `
      + 'the figures tell a stranger how near this process is to running out of memory');
  }
  return { tcp: `${family === 6 ? `[${host}]` : host}:${Number(digits)}` };
}

/**
 * @param {string} given
 * @param {string} option
 * @param {unknown} whole
 */
function socketPath(given, option, whole) {
  if (process.platform === 'win32') throw invalidOption(option, whole, 'a TCP address here: Unix sockets are not served on Windows');
  if (given === '' || given.includes('\0')) throw invalidOption(option, whole, ADDRESS_WANTED);
  const socket = path.resolve(given.replaceAll('%p', String(process.pid)));
  if (Buffer.byteLength(socket) > MAX_SOCKET_PATH) throw invalidOption(option, whole, `shorter: a socket's path has at most ${MAX_SOCKET_PATH} bytes, and ${socket} has ${Buffer.byteLength(socket)}`);
  return socket;
}

module.exports = { checkMetricsListen };
