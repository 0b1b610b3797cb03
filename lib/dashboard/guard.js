'use strict';

// Who may ask what. Every rule stands alone: the page may be mounted behind nothing at all, and on a developer's own machine any
// web page can send requests to it. docs/security.md has the threats.

const { timingSafeEqual } = require('node:crypto');
const { isIP } = require('node:net');

const { setTimeout } = require('../clock.js');
const { messageOf } = require('../errors.js');
const { warn } = require('../warn.js');
const { Refusal } = require('./refusal.js');

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */
/** @typedef {import('./dashboard').Settings} Settings */
/** @typedef {'page' | 'metrics' | 'trigger' | 'download'} Action */

/** Whoever cannot say within this time whether somebody may has not said yes. */
const AUTHORIZE_MS = 10_000;

/** The header that a page of ours sends along, and no other page can know. */
const TOKEN_HEADER = 'x-heapwatch-token';

/**
 * DNS rebinding: a name of somebody else's that leads here. An address in figures cannot be made to lead elsewhere, and nobody else
 * owns localhost; every other name has to be named.
 *
 * @param {IncomingMessage} request
 * @param {Settings} settings
 */
function checkHost(request, { hosts }) {
  const name = hostName(request.headers.host ?? '');
  if (hosts.has(name) || isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost')) return;
  throw new Refusal(403, `the name ${JSON.stringify(name.slice(0, 100))} is not known here: add it to dashboard({ hosts })`);
}

/**
 * A request of another site's page. Browsers say so; of those that do not, the Origin tells.
 *
 * @param {IncomingMessage} request
 * @param {Settings} settings
 * @param {{ isNavigation: boolean }} kind a link may lead to the page from anywhere, but nothing may embed it
 */
function checkSite({ headers }, { hosts }, { isNavigation }) {
  const site = headers['sec-fetch-site'];
  const isOwn = site === undefined || site === 'same-origin' || site === 'none';
  if (!isOwn && !(isNavigation && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document')) {
    throw new Refusal(403, 'requests of other sites are not answered');
  }
  const { origin, host = '' } = headers;
  if (origin === undefined) return;
  const from = URL.canParse(origin) ? new URL(origin) : null;
  // A proxy may have put its own name for Host: then the Origin must be one of the names that the operator gave.
  const isSame = from !== null && (sameHost(from, host) || hosts.has(from.hostname));
  if (!isSame) throw new Refusal(403, 'the Origin is another site: if it is a name of this service, add it to dashboard({ hosts })');
}

/**
 * @param {URL} origin
 * @param {string} host
 */
function sameHost(origin, host) {
  // A default port is left out in both, but which one it is depends on the scheme, that a proxy may have changed.
  return URL.canParse(`${origin.protocol}//${host}`) && new URL(`${origin.protocol}//${host}`).host === origin.host;
}

/**
 * CSRF: only a page of this very process knows the token.
 *
 * @param {IncomingMessage} request
 * @param {string} token
 */
function checkToken({ headers }, token) {
  const given = Buffer.from(String(headers[TOKEN_HEADER] ?? ''));
  const wanted = Buffer.from(token);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new Refusal(403, `the header ${TOKEN_HEADER} is missing or of another process: load the page again`);
  }
}

/**
 * Nothing but `true` is a yes: not a throw, not a truthy value, not silence.
 *
 * @param {IncomingMessage} request
 * @param {Action} action
 * @param {Settings} settings
 */
async function authorized(request, action, { authorize }) {
  if (authorize === undefined) return action === 'page' || action === 'metrics';
  try {
    return (await soon(authorize(request, action))) === true;
  } catch (error) {
    warn('HEAPWATCH_DASHBOARD', `heapwatch: authorize threw, so the request was refused: ${messageOf(error)}`);
    return false;
  }
}

/** @param {unknown} answer */
async function soon(answer) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((resolve) => { timer = setTimeout(resolve, AUTHORIZE_MS, false).unref(); });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {IncomingMessage} request
 * @param {Action} action
 * @param {Settings} settings
 */
async function demandAuthorized(request, action, settings) {
  if (!(await authorized(request, action, settings))) throw new Refusal(403, 'not allowed: authorize did not answer true');
}

/** Without the port, in small letters, an IPv6 address without brackets. @param {string} host */
function hostName(host) {
  return host.toLowerCase().replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
}

module.exports = { authorized, checkHost, checkSite, checkToken, demandAuthorized };
