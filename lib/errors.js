'use strict';

const { inspect } = require('node:util');

/** @typedef {import('../index').HeapwatchErrorCode} Code */

/** What every call of heapwatch throws: `code` is stable, the message says what to change. */
class HeapwatchError extends Error {
  /**
   * @param {Code} code
   * @param {string} message
   * @param {{ option?: string, value?: unknown, reason?: string, cause?: unknown, offset?: number, hint?: string }} [details]
   */
  constructor(code, message, details = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    if ('option' in details) {
      this.option = details.option;
      this.value = details.value;
    }
    if ('reason' in details) this.reason = details.reason;
    if (details.offset !== undefined) this.offset = details.offset;
    if (details.hint !== undefined) this.hint = details.hint;
  }

  // On the prototype, as for Node's own errors: `code` stays the first thing that inspect prints.
  get name() {
    return 'HeapwatchError';
  }
}

/**
 * @param {string} option
 * @param {unknown} value
 * @param {string} wanted what would be accepted, as the end of the sentence "It must be …"
 */
function invalidOption(option, value, wanted) {
  return new HeapwatchError(
    'HEAPWATCH_INVALID_OPTION',
    `heapwatch: ${option} is ${show(value)}. It must be ${wanted}.`,
    { option, value },
  );
}

/**
 * A value in a message: short, and without running code of whoever passed it (a Proxy's traps, a
 * custom inspect), since an error about bad input must not be replaced by one from inside it.
 *
 * @param {unknown} value
 */
function show(value) {
  const text = inspect(value, { depth: 0, breakLength: Infinity, customInspect: false, maxArrayLength: 3, maxStringLength: 60 });
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** @param {unknown} error anything can be thrown */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * A reason as a sentence that others may follow.
 *
 * @param {string} text
 */
function sentence(text) {
  return text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');
}

module.exports = { HeapwatchError, invalidOption, show, messageOf, sentence };
