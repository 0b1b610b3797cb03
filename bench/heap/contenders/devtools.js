'use strict';

// Chrome DevTools' own code on the same work:  node devtools.js <bundle> <file> [<file after growth>]

const { load } = require('../oracle/load.js');

async function main(bundle, files) {
  const snapshots = [];
  for (const file of files) snapshots.push(await load(bundle, file));
  const [before, after] = snapshots;
  if (after === undefined) {
    process.stdout.write(`${Object.keys(before.aggregatesWithFilter({})).length}\n`);
  } else {
    const rows = after.calculateSnapshotDiff(1, before.aggregatesForDiff(after.interfaceDefinitions()));
    process.stdout.write(`${Object.keys(rows).length}\n`);
  }
}

main(process.argv[2], process.argv.slice(3));
