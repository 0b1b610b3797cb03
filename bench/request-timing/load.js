'use strict';

const autocannon = require('autocannon');

/** Loads a server on a port, first until its code is compiled, then with so many requests. */
async function main() {
  const [port, requests] = process.argv.slice(2).map(Number);
  const options = { url: `http://127.0.0.1:${port}`, connections: 20, sampleInt: 10 };
  await autocannon({ ...options, amount: 5_000 });
  process.send?.('warm');
  await autocannon({ ...options, amount: requests });
  process.send?.('done', () => process.exit());
}

main();
