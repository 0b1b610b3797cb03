'use strict';
// Prints memlab's traces of leaks over three snapshots, a text each: "TRACES [...]".

const path = require('node:path');

const folder = path.join(process.env.MEMLAB_API ?? '', 'node_modules', '@memlab');
const { findLeaksBySnapshotFilePaths } = require(path.join(folder, 'api'));
const { config } = require(path.join(folder, 'core'));

const [which, before, target, final] = process.argv.slice(2);
if (which === 'all') config.externalLeakFilter = { leakFilter: () => true };
findLeaksBySnapshotFilePaths(before, target, final).then((/** @type {object[]} */ leaks) => {
  const traces = leaks.map((leak) => Object.keys(leak).filter((key) => !key.startsWith('$tabsOrder')).join(' → '));
  process.stdout.write(`\nTRACES ${JSON.stringify(traces)}\n`);
});
