'use strict';

// memlab on the same work: read, dominators, retained sizes, objects by class; of two files the classes' growth.
// node memlab.js <file> [<file after growth>]

const { getFullHeapFromFile } = require('@memlab/heap-analysis');

/** Count, shallow size and the largest retained size of each class. */
async function classes(file) {
  const heap = await getFullHeapFromFile(file);
  const rows = new Map();
  heap.nodes.forEach((node) => {
    const key = `${node.type} ${node.name}`;
    const row = rows.get(key) ?? { count: 0, size: 0, retained: 0 };
    row.count++;
    row.size += node.self_size;
    row.retained = Math.max(row.retained, node.retainedSize);
    rows.set(key, row);
  });
  return rows;
}

async function main(files) {
  const tables = [];
  for (const file of files) tables.push(await classes(file));
  const [first, second] = tables;
  const grown = second ? [...second].filter(([key, row]) => row.count !== first.get(key)?.count) : [...first];
  process.stdout.write(`${grown.length}\n`);
}

main(process.argv.slice(2));
