'use strict';

const { printDiff } = require('./print-diff.js');

/** @typedef {Omit<import('../../index').HeapDiff, 'toString' | 'toJSON' | 'files'>} DiffFields */

/** What changed between snapshots: plain fields, see index.d.ts. */
class HeapDiff {
  /**
   * @param {string[]} files
   * @param {DiffFields} fields
   */
  constructor(files, fields) {
    this.schemaVersion = 1;
    this.files = files;
    Object.assign(this, fields);
  }

  toJSON() {
    return { ...this };
  }

  toString() {
    return printDiff(/** @type {any} */ (this), { width: 100 }).join('\n');
  }
}

module.exports = { HeapDiff };
