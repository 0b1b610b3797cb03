'use strict';

const { execFileSync } = require('node:child_process');
const { existsSync, readdirSync } = require('node:fs');
const path = require('node:path');

const INSTALLED = path.join(__dirname, '..', '..', '.node-majors');

/**
 * @typedef {object} NodeBinary
 * @property {string} path
 * @property {string} major
 * @property {string} version  as in process.versions.node
 * @property {string} v8
 */

/**
 * The Node binaries to measure: those given, else those that scripts/node-majors.js installed, else the one that runs this.
 *
 * @param {string[]} [given]
 * @returns {NodeBinary[]}
 */
function nodeBinaries(given = []) {
  const paths = given.length > 0 ? given : installed();
  return (paths.length > 0 ? paths : [process.execPath]).map(describe);
}

/** @returns {string[]} */
function installed() {
  if (!existsSync(INSTALLED)) return [];
  return readdirSync(INSTALLED)
    .sort((a, b) => Number(a) - Number(b))
    .map((major) => path.join(INSTALLED, major, 'node_modules', 'node', 'bin', 'node'))
    .filter((binary) => existsSync(binary));
}

/**
 * @param {string} binary
 * @returns {NodeBinary}
 */
function describe(binary) {
  const { node, v8 } = JSON.parse(execFileSync(binary, ['-p', 'JSON.stringify(process.versions)'], { encoding: 'utf8' }));
  return { path: binary, major: node.split('.')[0], version: node, v8 };
}

module.exports = { nodeBinaries };
