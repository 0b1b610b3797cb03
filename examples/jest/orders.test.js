'use strict';

const { ordersOf } = require('./orders.js');

test('it keeps nothing, and allocates no more than it did', async () => {
  await expect(() => ordersOf('7')).not.toLeak({ maxMs: 15_000 });
  await expect(() => ordersOf('7')).toMatchMemoryBaseline('orders of a customer', { maxMs: 15_000 });
});

test('its garbage is collected in short pauses', async () => {
  await expect(() => ordersOf('7')).toPauseLessThan(500);
});
