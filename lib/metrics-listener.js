'use strict';

const { isDeepStrictEqual } = require('node:util');

const { HeapwatchError } = require('./errors.js');
const { warnOnce } = require('./warn.js');

/** @typedef {import('./metrics-listen').Listen} Listen */
/** @typedef {import('./source/source').Source} Source */

/** Of one watcher: what it was asked to listen on, and where it does. */
class MetricsListener {
  /** @type {Listen | null} */
  #wanted = null;
  /** @type {string | null} */
  address = null;

  /**
   * @param {Source} source
   * @param {Listen | false} wanted
   */
  set(source, wanted) {
    if (wanted === false) return this.close(source);
    if (this.address !== null && isDeepStrictEqual(wanted, this.#wanted)) return;
    // What is missing is not what the service is there for: without the native part a warning has to do, as for all else.
    if (source.listen === undefined) {
      if (source.tickMs !== null) warnOnce('HEAPWATCH_METRICS_LISTEN', `heapwatch: nothing listens on ${shown(wanted)}: the native part, which would answer, is not used here.`);
      return;
    }
    const { address, obstacle, isTaken } = source.listen(wanted);
    if (address === undefined) throw failure(wanted, obstacle ?? 'unknown', isTaken);
    this.#wanted = wanted;
    this.address = address;
  }

  /** @param {Source} source */
  close(source) {
    if (this.address !== null) source.unlisten?.();
    this.forget();
  }

  /** The source has ended, and the listener with it. */
  forget() {
    this.#wanted = null;
    this.address = null;
  }
}

/** @param {Listen} wanted */
const shown = ({ tcp, unix }) => tcp ?? `unix:${unix}`;

/**
 * @param {Listen} wanted
 * @param {string} obstacle
 * @param {boolean} isTaken
 */
function failure(wanted, obstacle, isTaken) {
  const hint = isTaken
    ? ' Another process has it: of a cluster, each needs an address of its own. Port 0 is a free one, and in \'unix:/run/app/%p.sock\' %p is the process\'s id; watcher.metricsAddress says which it became.'
    : '';
  return new HeapwatchError('HEAPWATCH_IO', `heapwatch: cannot listen on ${shown(wanted)} (metricsListen): ${obstacle}.${hint}`);
}

module.exports = { MetricsListener };
