'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');

const { openSource } = require('../lib/sources/index.js');

/** The CPU time of a process that does nothing but have a source open. Sent: µs a second. */
async function main() {
  const { values } = parseArgs({ options: { source: { type: 'string', default: '' }, seconds: { type: 'string', default: '5' } } });
  const source = values.source === '' ? null : openSource(values.source);
  await sleep(1_000); // what starting left to do
  const start = process.cpuUsage();
  await sleep(1_000 * Number(values.seconds));
  const { user, system } = process.cpuUsage(start);
  source?.close();
  process.send?.({ usPerSecond: (user + system) / Number(values.seconds) }, () => process.exit());
}

main();
