'use strict';

/** A request that is not done, with the status and the words of the answer. */
class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} message what to change
   * @param {{ retryAfterMs?: number, allow?: string, code?: string }} [more]
   */
  constructor(status, message, { retryAfterMs, allow, code } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    /** @type {Record<string, string>} */
    this.headers = {};
    if (retryAfterMs !== undefined) this.headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
    if (allow !== undefined) this.headers.allow = allow;
  }
}

/**
 * What heapwatch's own errors are in HTTP.
 *
 * @param {unknown} error
 * @returns {Refusal}
 */
function toRefusal(error) {
  if (error instanceof Refusal) return error;
  const { code = '', message = String(error), name = '' } = /** @type {{ code?: string, message?: string, name?: string }} */ (error ?? {});
  if (name === 'TimeoutError') return new Refusal(504, 'it took longer than timeoutMs and was given up');
  const told = message.replace(/^heapwatch: /, '');
  if (code === 'HEAPWATCH_BUSY') return new Refusal(429, told, { retryAfterMs: 1000, code });
  if (code === 'HEAPWATCH_NO_HEADROOM') return new Refusal(503, told, { retryAfterMs: 60_000, code });
  if (code === 'HEAPWATCH_UNSUPPORTED') return new Refusal(501, told, { code });
  return new Refusal(500, told, { code });
}

module.exports = { Refusal, toRefusal };
