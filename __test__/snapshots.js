'use strict';

// Snapshots as the tests read them: class names counted, by the snapshot's own description of its fields.

const { mkdtempSync, readFileSync, readdirSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');

/**
 * @param {string} file
 * @returns {{ nodes: number, count(name: string, type?: string): number, edgesOf(name: string, type: string): number, types: Record<string, number> }} count: nodes; edgesOf: edges that begin at them
 */
function readSnapshot(file) {
  const { snapshot, nodes, strings } = JSON.parse(readFileSync(file, 'utf8'));
  const { node_fields: fields, node_types: [typeNames] } = snapshot.meta;
  const [type, name, edgeCount] = ['type', 'name', 'edge_count'].map((field) => fields.indexOf(field));
  if (nodes.length !== snapshot.node_count * fields.length) throw new Error(`${nodes.length} numbers for ${snapshot.node_count} nodes`);
  const counts = new Map();
  const edges = new Map();
  const types = {};
  for (let i = 0; i < nodes.length; i += fields.length) {
    const key = `${typeNames[nodes[i + type]]} ${strings[nodes[i + name]]}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    edges.set(key, (edges.get(key) ?? 0) + nodes[i + edgeCount]);
    types[typeNames[nodes[i + type]]] = (types[typeNames[nodes[i + type]]] ?? 0) + 1;
  }
  return { nodes: snapshot.node_count, types, count: (wanted, of = 'object') => counts.get(`${of} ${wanted}`) ?? 0, edgesOf: (wanted, of) => edges.get(`${of} ${wanted}`) ?? 0 };
}

/**
 * Runs `use` with a folder of its own, which is gone afterwards.
 *
 * @template T
 * @param {(folder: string) => Promise<T>} use
 */
async function withFolder(use) {
  const folder = mkdtempSync(path.join(tmpdir(), 'heapwatch-snapshot-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder */
const filesIn = (folder) => readdirSync(folder).sort();

module.exports = { readSnapshot, withFolder, filesIn };
