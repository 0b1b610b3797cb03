'use strict';

const { gc } = require('../gc.js');
const { now } = require('../clock.js');
const { support } = require('../support.js');
const { whenOver } = require('../requests/when-over.js');
const { formatBytes, formatMs } = require('../terminal/units.js');
const { sendFile } = require('./download.js');
const { authorized } = require('./guard.js');
const { page } = require('./page.js');
const { Refusal } = require('./refusal.js');

/** @typedef {import('./dashboard').Parts} Parts */
/** @typedef {import('./dashboard').Settings} Settings */
/** @typedef {{ request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse, ids: string[] }} Call */

/**
 * @typedef {object} Route
 * @property {'GET' | 'POST'} method POST: it does something, and wants the page's token
 * @property {RegExp} pattern of what is left of the address; no path of a file is ever in it
 * @property {import('./guard').Action | ((settings: Settings) => import('./guard').Action)} action what authorize is asked for
 * @property {(parts: Parts, call: Call) => unknown} answer
 * @property {(settings: Settings) => boolean} [isOff]
 * @property {boolean} [isPage] a person may come to it by a link
 * @property {import('../../index').DashboardAudit['action']} [audited]
 */

/** Downloads at a time: each holds a file and a socket. */
const MAX_DOWNLOADS = 2;

/** @type {WeakMap<Parts, { downloads: number, collectedMs: number }>} */
const counts = new WeakMap();

/** @param {Settings} settings */
const noTrigger = ({ trigger }) => !trigger;

/** @type {Route[]} */
const ROUTES = [
  { method: 'GET', pattern: /^$/, action: 'page', isPage: true, answer: sendPage },
  { method: 'GET', pattern: /^\/state$/, action: 'page', answer: async (parts, call) => sendJson(call, 200, await fullState(parts, call)) },
  { method: 'GET', pattern: /^\/stream$/, action: 'page', answer: openStream },
  { method: 'GET', pattern: /^\/metrics$/, action: 'metrics', isOff: ({ metrics }) => !metrics, answer: sendMetrics },
  {
    method: 'GET',
    pattern: /^\/snapshots$/,
    action: ({ trigger }) => (trigger ? 'trigger' : 'download'),
    isOff: ({ trigger, download }) => !trigger && !download,
    answer: ({ snapshots }, call) => sendJson(call, 200, snapshots.list()),
  },
  { method: 'POST', pattern: /^\/gc$/, action: 'trigger', isOff: noTrigger, audited: 'gc', answer: collect },
  { method: 'POST', pattern: /^\/snapshots$/, action: 'trigger', isOff: noTrigger, audited: 'snapshot', answer: take },
  { method: 'POST', pattern: /^\/snapshots\/([0-9a-f]{32})\/analysis$/, action: 'trigger', isOff: noTrigger, audited: 'analysis', answer: analyze },
  { method: 'POST', pattern: /^\/snapshots\/([0-9a-f]{32})\/comparison\/([0-9a-f]{32})$/, action: 'trigger', isOff: noTrigger, audited: 'comparison', answer: compare },
  { method: 'GET', pattern: /^\/snapshots\/([0-9a-f]{32})\/download$/, action: 'download', isOff: ({ download }) => !download, audited: 'download', answer: download },
];

/**
 * What the page shows, and what this very reader may do with it.
 *
 * @param {Parts} parts
 * @param {Call} call
 */
async function fullState({ settings, state, token }, { request }) {
  const [mayTrigger, mayDownload] = await Promise.all([
    settings.trigger && authorized(request, 'trigger', settings),
    settings.download && authorized(request, 'download', settings),
  ]);
  return {
    ...state.full(),
    may: { trigger: mayTrigger, download: mayDownload, redact: settings.redact, forks: mayTrigger && support.fork },
    ...(mayTrigger && { token }),
  };
}

/** @param {Parts} parts @param {Call} call */
async function sendPage(parts, call) {
  const { html, policy } = page(await fullState(parts, call));
  call.response.setHeader('content-security-policy', policy);
  call.response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': Buffer.byteLength(html) });
  call.response.end(html);
}

/** @param {Parts} parts @param {Call} call */
function openStream({ state, streams }, { request, response }) {
  const since = /[?&]since=(\d{1,15})(?!\d)/.exec(request.url ?? '')?.[1];
  streams.open(response, since === undefined ? undefined : () => state.since(Number(since)));
}

/** @param {Parts} parts @param {Call} call */
function sendMetrics({ state }, { response }) {
  if (state.watcher === null) throw new Refusal(503, 'no watcher is running: call heapwatch.start()');
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  response.end(state.watcher.metrics());
}

/** @param {Parts} parts @param {Call} call */
function collect(parts, call) {
  const { settings, audit, events } = parts;
  const count = countsOf(parts);
  const waitMs = count.collectedMs + settings.cooldownMs - now();
  if (waitMs > 0) throw new Refusal(429, `the last collection was less than ${settings.cooldownMs} ms ago (dashboard({ cooldownMs }))`, { retryAfterMs: waitMs });
  const result = gc();
  count.collectedMs = now();
  events.add('gc', `garbage collected from this page: ${formatBytes(result.freedBytes)} freed in ${formatMs(result.pauseMs)}`);
  audit.add(call.request, { action: 'gc', outcome: 'done', status: 200 });
  sendJson(call, 200, result);
}

/** @param {Parts} parts @param {Call} call */
async function take({ snapshots, audit, events }, call) {
  const begun = await snapshots.take(({ id, status, bytes, pauseMs, error }) => {
    const isReady = status === 'ready';
    events.add('snapshot', isReady ? `snapshot taken: ${formatBytes(bytes)}, paused for ${formatMs(pauseMs)}` : `snapshot failed: ${error}`);
    audit.add(call.request, { action: 'snapshot', outcome: isReady ? 'done' : 'failed', status: isReady ? 201 : 500, target: id, ...(error !== null && { reason: error }) });
  });
  sendJson(call, 202, begun);
}

/** @param {Parts} parts @param {Call} call */
async function analyze({ snapshots, audit }, call) {
  const [id] = call.ids;
  const result = await snapshots.analyze(id, gone(call));
  audit.add(call.request, { action: 'analysis', outcome: 'done', status: 200, target: id });
  sendJson(call, 200, result);
}

/** @param {Parts} parts @param {Call} call */
async function compare({ snapshots, audit }, call) {
  const result = await snapshots.compare(call.ids, gone(call));
  audit.add(call.request, { action: 'comparison', outcome: 'done', status: 200, target: call.ids.join(' and ') });
  sendJson(call, 200, result);
}

/** @param {Parts} parts @param {Call} call */
async function download(parts, call) {
  const { snapshots, audit } = parts;
  const [id] = call.ids;
  const count = countsOf(parts);
  if (count.downloads >= MAX_DOWNLOADS) throw new Refusal(429, `${MAX_DOWNLOADS} downloads are on their way already`, { retryAfterMs: 30_000 });
  count.downloads += 1;
  try {
    await snapshots.withFile(id, gone(call), async (file, name) => {
      audit.add(call.request, { action: 'download', outcome: 'done', status: 200, target: id });
      if (call.request.method === 'HEAD') call.response.end();
      else await sendFile(call.response, file, name);
    });
  } finally {
    count.downloads -= 1;
  }
}

/** Aborts once nobody waits for the answer any more. @param {Call} call */
function gone({ response }) {
  const controller = new AbortController();
  whenOver(response, () => controller.abort(new Refusal(499, 'the client has gone')));
  return controller.signal;
}

/** @param {Parts} parts */
function countsOf(parts) {
  const known = counts.get(parts) ?? { downloads: 0, collectedMs: -Infinity };
  counts.set(parts, known);
  return known;
}

/**
 * @param {Call} call
 * @param {number} status
 * @param {unknown} body
 */
function sendJson({ response }, status, body) {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

module.exports = { ROUTES };
