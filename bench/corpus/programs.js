'use strict';

const { readdirSync } = require('node:fs');
const path = require('node:path');

const FOLDER = path.join(__dirname, '..', '..', '__test__', 'corpus');

/**
 * @typedef {object} Program
 * @property {string} file
 * @property {string} name
 * @property {boolean} leaks
 * @property {string} why
 * @property {() => (elapsedMs: number) => void} start
 */

/**
 * The programs of the corpus, leaking ones first.
 *
 * @returns {Program[]}
 */
function programs() {
  return readdirSync(FOLDER)
    .filter((file) => /^(leak|clean)-.*\.js$/.test(file))
    .sort((a, b) => Number(a.startsWith('clean')) - Number(b.startsWith('clean')) || a.localeCompare(b))
    .map((file) => ({ file: path.join(FOLDER, file), ...require(path.join(FOLDER, file)) }));
}

module.exports = { programs };
