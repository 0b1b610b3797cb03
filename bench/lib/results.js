'use strict';

const { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/**
 * What a reader needs to judge a result, and nothing that names the machine.
 *
 * @param {import('./node-binaries').NodeBinary} node
 */
function circumstances(node) {
  return {
    date: new Date().toISOString().slice(0, 10),
    node: node.version,
    v8: node.v8,
    platform: `${os.platform()}-${os.arch()}`,
    cpus: os.cpus().length,
  };
}

/**
 * Writes one result beside the bench that made it. Arrays of plain values stay on one line: a diff of raw results should be readable.
 *
 * @param {string} bench  the bench's folder
 * @param {string} name
 * @param {unknown} result
 */
function writeResult(bench, name, result) {
  const folder = path.join(bench, 'results');
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify(result, null, 2)
    .replace(/\[\s+([^[\]{}]+?)\s+\]/g, (_, body) => `[${body.replace(/\s+/g, ' ')}]`);
  writeFileSync(path.join(folder, `${name}.json`), `${text}\n`);
}

/**
 * @param {string} bench  the bench's folder
 * @returns {any[]} its results, in the order of their numeric names
 */
function readResults(bench) {
  const folder = path.join(bench, 'results');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')));
}

module.exports = { circumstances, writeResult, readResults };
