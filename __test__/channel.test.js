'use strict';

const assert = require('node:assert/strict');
const { channel } = require('node:diagnostics_channel');
const { after, test } = require('node:test');

const { start } = require('..');
const { makeGarbage, turn, until } = require('./garbage.js');

const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

const gcChannel = channel('heapwatch:gc');

test('each pause is published while the channel has subscribers', async () => {
  const watcher = start();
  makeGarbage(20);
  await turn();
  const subscribedMs = Date.now();
  const published = [];
  const subscriber = (pause, name) => published.push([name, pause]);
  gcChannel.subscribe(subscriber);
  await until(() => makeGarbage() >= 0 && published.length > 2, 'pauses on the channel');
  gcChannel.unsubscribe(subscriber);

  const count = published.length;
  const known = watcher.pauses();
  for (const [name, pause] of published) {
    assert.equal(name, 'heapwatch:gc');
    assert.ok(known.some(({ timeMs }) => timeMs === pause.timeMs));
    // It is noticed within a second that somebody subscribed; what came before that tick is no news.
    assert.ok(pause.timeMs > subscribedMs - 1500);
  }
  makeGarbage(20);
  await turn(150);
  assert.equal(published.length, count);
  watcher.stop();
});

test('nothing is published after stop()', async () => {
  const published = [];
  const subscriber = (pause) => published.push(pause);
  gcChannel.subscribe(subscriber);
  const watcher = start();
  await until(() => makeGarbage() >= 0 && published.length > 0, 'a pause on the channel');
  watcher.stop();
  const count = published.length;
  makeGarbage(20);
  await turn(150);
  assert.equal(published.length, count);
  gcChannel.unsubscribe(subscriber);
});
