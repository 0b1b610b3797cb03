'use strict';

const { checkFields, flag, headroom, place, span } = require('./check.js');

/** @typedef {{ snapshot: boolean, dir?: string, waitMs?: number, headroom?: number }} OomOptions */

const FIELDS = { snapshot: flag, dir: place, waitMs: span, headroom };

/**
 * @param {unknown} given
 * @param {string} option
 * @returns {OomOptions | false}
 */
function checkOom(given, option) {
  if (given === false) return false;
  const checked = checkFields(given, FIELDS, { path: option, example: '{ snapshot: true }, or false' });
  return { ...checked, snapshot: flag(checked.snapshot, `${option}.snapshot`) };
}

module.exports = { checkOom };
