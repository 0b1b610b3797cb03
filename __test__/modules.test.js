'use strict';

// jest.resetModules() and a cleared require cache load the package again and again in one thread.

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { MODES, runFixture, lastJson } = require('./run.js');

for (const { source, node } of MODES) {
  test(`a hundred copies of the package watch one thread together (${source})`, async () => {
    const found = lastJson(await runFixture('resets-modules.js', { node }));
    assert.deepEqual(found.sources, [source]);
    assert.equal(found.copies, 100, 'each copy has a watcher of its own');
    assert.ok(found.gcs > 0);
    assert.equal(found.lowest, found.highest, 'all copies count the same GCs, and each of them once');
    assert.ok(found.published > 0);
    assert.equal(found.doubles, 0, 'the channel hears of each GC once');
    assert.deepEqual(found.listeners, found.listenersBefore);
    assert.ok(found.warnings <= 1, `${found.warnings} warnings`);
    assert.deepEqual(found.afterStop, ['HEAPWATCH_NOT_RUNNING']);
  });
}

test('the publisher of the channel hands over when it stops', async () => {
  const found = lastJson(await runFixture('hands-over.js'));
  assert.ok(found.byFirst > 0 && found.bySecond > 0, JSON.stringify(found));
});

test('another realm gets the same from the package (vm context, as in Jest)', async () => {
  const found = lastJson(await runFixture('other-realm.js'));
  assert.equal(found.code, 'HEAPWATCH_INVALID_OPTION');
  assert.equal(found.source, 'native');
});
