'use strict';

/** @param {string} customer */
function ordersOf(customer) {
  return Array.from({ length: 20 }, (_, at) => ({
    id: `${customer}-${at}`,
    placed: new Date(1_700_000_000_000 + at * 86_400_000).toISOString(),
    lines: [{ sku: `sku-${at}`, count: 1 + (at % 3) }],
  }));
}

module.exports = { ordersOf };
