'use strict';

const { printSummary } = require('./print-summary.js');

/** @typedef {Omit<import('../../index').HeapSummary, 'toString' | 'toJSON' | 'file'>} SummaryFields */

/** What a snapshot holds: plain fields, see index.d.ts. */
class HeapSummary {
  /**
   * @param {string} file
   * @param {SummaryFields} fields
   */
  constructor(file, fields) {
    this.schemaVersion = 1;
    this.file = file;
    Object.assign(this, fields);
  }

  toJSON() {
    return { ...this };
  }

  toString() {
    return printSummary(/** @type {any} */ (this), { width: 100 }).join('\n');
  }
}

module.exports = { HeapSummary };
