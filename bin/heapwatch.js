#!/usr/bin/env node
'use strict';

const { main } = require('../lib/cli/main.js');

// Whoever reads has gone (`| head`): nobody is left to tell. A disk that is full is another matter.
process.stdout.on('error', (error) => {
  if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EPIPE') process.exit();
  process.stderr.write(`heapwatch: ${error.message}\n`);
  process.exit(2);
});

main(process.argv.slice(2)).then((code) => { process.exitCode = code; });
