'use strict';

const { now, unixNow } = require('../clock.js');
const { call } = require('../deliver.js');
const { plain } = require('../heap/plain-text.js');

/** @typedef {import('../../index').DashboardAudit} Entry */

/** Refusals a minute that are told one by one: whoever knocks all day must not fill the disk. */
const REFUSALS_A_MINUTE = 20;

/** Who asked for what, and what came of it. */
class Audit {
  #tell;
  #minute = -1;
  #refusals = 0;

  /** @param {((entry: Entry) => void) | undefined} tell */
  constructor(tell = toStderr) {
    this.#tell = tell;
  }

  /**
   * @param {import('node:http').IncomingMessage} request
   * @param {Omit<Entry, 'timeMs' | 'remoteAddress' | 'suppressed'>} what
   */
  add(request, what) {
    /** @type {Entry} */
    const entry = { timeMs: unixNow(), ...what, remoteAddress: request.socket?.remoteAddress ?? null };
    if (what.outcome === 'refused' && !this.#admits(entry)) return;
    call(this.#tell, undefined, [entry], 'audit');
  }

  /** @param {Entry} entry */
  #admits(entry) {
    const minute = Math.floor(now() / 60_000);
    if (minute !== this.#minute) {
      if (this.#refusals > REFUSALS_A_MINUTE) entry.suppressed = this.#refusals - REFUSALS_A_MINUTE;
      this.#minute = minute;
      this.#refusals = 0;
    }
    this.#refusals += 1;
    return this.#refusals <= REFUSALS_A_MINUTE;
  }
}

/** One line, whatever a name holds. @param {Entry} entry */
function toStderr({ action, outcome, status, target, reason, remoteAddress, suppressed }) {
  const parts = [`heapwatch: dashboard: ${action}`, target && `of ${target}`, outcome, `(${status})`, `for ${remoteAddress ?? 'an unknown address'}`, reason && `because ${reason}`, suppressed && `(and ${suppressed} more before)`];
  process.stderr.write(`${plain(parts.filter(Boolean).join(' '), 500)}\n`);
}

module.exports = { Audit };
