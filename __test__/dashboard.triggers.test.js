'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } = require('node:fs');
const net = require('node:net');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');

const { pendingSnapshots, start, stop, snapshot } = require('..');
const { Audit } = require('../lib/dashboard/audit.js');
const { sendFile } = require('../lib/dashboard/download.js');
const { OneAtATime } = require('../lib/dashboard/one-at-a-time.js');
const { toRefusal } = require('../lib/dashboard/refusal.js');
const { ask, listen, withDashboard } = require('./dashboard-servers.js');
const { turn, until } = require('./garbage.js');
const { filesIn, withFolder } = require('./snapshots.js');

before(() => { start(); });
after(() => { stop(); });

const OPEN = { authorize: () => true, trigger: true, download: true, cooldownMs: 0 };
const SECRET = ['hunter2', 'is the password'].join(' ');

/** @param {any} served */
async function taken({ ask: asked, token }) {
  const post = { method: 'POST', headers: { 'x-heapwatch-token': await token() } };
  const { status, body, text } = await asked('/snapshots', post);
  assert.equal(status, 202, text);
  for (;;) {
    await turn(50);
    const found = (await asked('/snapshots')).body.snapshots.find(({ id }) => id === body.id);
    if (found.status !== 'taking') return { ...found, post };
  }
}

test('of 50 who ask for a snapshot at once one gets it, and 49 are told when to come again', async () => {
  await withFolder((dir) => withDashboard({ ...OPEN, dir, cooldownMs: 5000 }, async (served) => {
    const post = { method: 'POST', headers: { 'x-heapwatch-token': await served.token() } };
    const answers = await Promise.all(Array.from({ length: 50 }, () => served.ask('/snapshots', post)));
    assert.deepEqual([202, 429].map((wanted) => answers.filter(({ status }) => status === wanted).length), [1, 49]);
    for (const { status, headers, body } of answers) {
      if (status !== 429) continue;
      assert.ok(Number(headers['retry-after']) >= 1);
      assert.match(body.error.message, /already|less than/);
    }
    await until(() => served.audits.some(({ outcome }) => outcome === 'done'), 'the snapshot');
    assert.equal(filesIn(dir).length, 1);
    const again = await served.ask('/snapshots', post);
    assert.equal(again.status, 429, 'the last one is too short ago');
    assert.ok(Number(again.headers['retry-after']) <= 5);
  }));
});

test('a snapshot is taken, looked into and compared; every one of these is audited, and no path is told', async () => {
  await withFolder((dir) => withDashboard({ ...OPEN, dir }, async (served) => {
    const first = await taken(served);
    globalThis.kept = Array.from({ length: 2000 }, (_, i) => new (class Kept { constructor() { this.i = i; } })());
    const second = await taken(served);
    assert.deepEqual([first.status, second.status, first.origin, first.isRedacted], ['ready', 'ready', 'page', true]);
    assert.ok(first.pauseMs > 0 && first.bytes > 100_000);
    const analysis = await served.ask(`/snapshots/${first.id}/analysis`, first.post);
    assert.equal(analysis.status, 200, analysis.text.slice(0, 300));
    assert.ok(analysis.body.summary.classes.every(({ name, shallow, retained }) => typeof name === 'string' && retained >= shallow));
    assert.ok(analysis.body.summary.biggest[0].path.length > 0);
    // Whichever comes first in the address: time decides.
    const { body: comparison } = await served.ask(`/snapshots/${second.id}/comparison/${first.id}`, first.post);
    delete globalThis.kept;
    assert.deepEqual([comparison.before.id, comparison.after.id], [first.id, second.id]);
    assert.ok(comparison.diff.classes.find(({ name }) => name === 'Kept').countDelta >= 2000);
    assert.match(comparison.diff.findings[0].sentence, /Kept/);
    assert.equal((await served.ask(`/snapshots/${first.id}/comparison/${first.id}`, first.post)).status, 400);
    assert.doesNotMatch(JSON.stringify([first, analysis.body, comparison]), new RegExp(dir));
    assert.deepEqual(served.audits.map(({ action, outcome }) => `${action} ${outcome}`), ['snapshot done', 'snapshot done', 'analysis done', 'comparison done', 'comparison refused']);
    assert.equal(served.audits[0].target, first.id);
    const { events } = (await served.ask('/state')).body;
    assert.equal(events.filter(({ kind }) => kind === 'snapshot').length, 2);
  }));
});

test('one heavy thing at a time: an analysis is refused while another is made', async () => {
  await withFolder((dir) => withDashboard({ ...OPEN, dir }, async (served) => {
    const { id, post } = await taken(served);
    const answers = await Promise.all(Array.from({ length: 8 }, () => served.ask(`/snapshots/${id}/analysis`, post)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.equal(answers.filter(({ status, headers }) => status === 429 && headers['retry-after']).length, 7);
    assert.equal((await served.ask(`/snapshots/${id}/analysis`, post)).status, 200, 'and told again without being made again');
  }));
});

test('with redact the contents of strings neither stay on the disk nor leave; without it they do', async () => {
  globalThis.secret = { text: SECRET };
  for (const redact of [true, false]) {
    await withFolder((dir) => withDashboard({ ...OPEN, dir, redact }, async (served) => {
      const { id } = await taken(served);
      const { status, headers, text } = await served.ask(`/snapshots/${id}/download`);
      assert.equal(status, 200);
      assert.match(headers['content-disposition'], /^attachment; filename="heapwatch-[\w-]+\.heapsnapshot"$/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(JSON.parse(text).snapshot.node_count > 1000, true);
      assert.equal(text.includes(SECRET), !redact);
      const [name] = filesIn(dir);
      assert.equal(filesIn(dir).length, 1);
      assert.equal(readFileSync(path.join(dir, name), 'utf8').includes(SECRET), !redact);
      assert.equal(statSync(path.join(dir, name)).mode & 0o777, 0o600);
      assert.equal(served.audits.at(-1).action, 'download');
    }));
  }
  delete globalThis.secret;
});

test('counts of classes and refusals that dying processes left are no snapshots', () => withFolder(async (dir) => {
  for (const kind of ['classes', 'refused']) writeFileSync(path.join(dir, `heapwatch-oom-4242-0-1700000000000-1.${kind}.json`), '{}');
  assert.deepEqual(pendingSnapshots({ dir }).map(({ kind }) => kind).sort(), ['classes', 'refused']);
  await withDashboard({ ...OPEN, dir }, async (served) => {
    assert.deepEqual((await served.ask('/snapshots')).body.snapshots, []);
  });
}));

test('what dying processes left is listed, and redacted for as long as it is looked into', async () => {
  globalThis.secret = { text: SECRET };
  await withFolder(async (dir) => {
    await snapshot({ path: path.join(dir, 'heapwatch-oom-4242-0-1700000000000-1.heapsnapshot') });
    await withDashboard({ ...OPEN, dir }, async (served) => {
      const [found] = (await served.ask('/snapshots')).body.snapshots;
      assert.deepEqual([found.origin, found.pid, found.status, found.timeMs], ['oom', 4242, 'ready', 1_700_000_000_000]);
      const { text } = await served.ask(`/snapshots/${found.id}/download`);
      assert.ok(text.length > 100_000 && !text.includes(SECRET));
      await until(() => filesIn(dir).length === 1, 'the copy to be gone');
      const [name] = filesIn(dir);
      assert.ok(readFileSync(path.join(dir, name), 'utf8').includes(SECRET), 'the original is as it was');
    });
  });
  delete globalThis.secret;
});

test('quotas hold: the oldest goes, and one that is too large fails with the reason', async () => {
  await withFolder((dir) => withDashboard({ ...OPEN, dir, maxFiles: 2 }, async (served) => {
    const [first] = [await taken(served), await taken(served), await taken(served)];
    assert.equal(filesIn(dir).length, 2);
    const { snapshots } = (await served.ask('/snapshots')).body;
    assert.equal(snapshots.length, 2);
    assert.ok(snapshots.every(({ id }) => id !== first.id));
    assert.equal((await served.ask(`/snapshots/${first.id}/download`)).status, 404);
  }));
  await withFolder((dir) => withDashboard({ ...OPEN, dir, maxBytes: 1000 }, async (served) => {
    const { status, error } = await taken(served);
    assert.equal(status, 'failed');
    assert.match(error, /1000|1,000|larger|quota|maxBytes/);
    assert.deepEqual(filesIn(dir), []);
    assert.equal(served.audits.at(-1).outcome, 'failed');
  }));
});

test('a snapshot that takes too long is given up', async () => {
  await withFolder((dir) => withDashboard({ ...OPEN, dir, timeoutMs: 30 }, async (served) => {
    const post = { method: 'POST', headers: { 'x-heapwatch-token': await served.token() } };
    const begun = await served.ask('/snapshots', post);
    if (begun.status === 202) await until(() => served.audits.length > 0, 'its end');
    else assert.ok(begun.status >= 500, begun.text);
    assert.equal(served.audits.at(-1).outcome, 'failed');
    await turn(100);
    assert.deepEqual(filesIn(dir), []);
    assert.equal((await served.ask('/snapshots')).body.busy, null);
  }));
});

test('an analysis that nobody waits for any more is given up, and the next is made', async () => {
  await withFolder((dir) => withDashboard({ ...OPEN, dir }, async (served) => {
    const { id, post } = await taken(served);
    const socket = net.connect(served.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(`POST /snapshots/${id}/analysis HTTP/1.1\r\nHost: 127.0.0.1\r\nx-heapwatch-token: ${post.headers['x-heapwatch-token']}\r\nContent-Length: 0\r\n\r\n`);
    while ((await served.ask('/snapshots')).body.busy === null) await turn(1);
    socket.resetAndDestroy();
    await until(() => served.audits.some(({ action }) => action === 'analysis'), 'the end of it');
    const { outcome, reason } = served.audits.find(({ action }) => action === 'analysis');
    assert.deepEqual([outcome, reason], ['refused', 'the client has gone']);
    let answer;
    do {
      await turn(50);
      answer = await served.ask(`/snapshots/${id}/analysis`, post);
    } while (answer.status === 429);
    assert.equal(answer.status, 200);
  }));
});

test('collections, too, have a cooldown', async () => {
  await withDashboard({ ...OPEN, cooldownMs: 60_000 }, async (served) => {
    const post = { method: 'POST', headers: { 'x-heapwatch-token': await served.token() } };
    const answers = await Promise.all(Array.from({ length: 20 }, () => served.ask('/gc', post)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.equal(answers.filter(({ status, headers }) => status === 429 && headers['retry-after'] === '60').length, 19);
  });
});

test('an analysis that takes too long is given up', async () => {
  const work = new OneAtATime(20, () => {});
  const waits = (/** @type {AbortSignal} */ signal) => new Promise((_, reject) => {
    const alive = setTimeout(() => reject(new Error('nobody gave it up')), 10_000); // the bound itself keeps no process alive
    signal.addEventListener('abort', () => {
      clearTimeout(alive);
      reject(signal.reason);
    });
  });
  const error = await work.run('something', undefined, waits).then(() => assert.fail('it ends'), (reason) => toRefusal(reason));
  assert.equal(error.status, 504);
  assert.equal(work.busy, null);
});

test('two downloads are sent at a time, a third is told to come again', { skip: process.platform !== 'linux' && 'no /proc' }, async () => {
  await withFolder(async (dir) => {
    writeFileSync(path.join(dir, 'heapwatch-oom-4242-0-1700000000000-1.heapsnapshot'), Buffer.alloc(64 * 1024 * 1024));
    await withDashboard({ ...OPEN, dir, redact: false }, async (served) => {
      const [{ id }] = (await served.ask('/snapshots')).body.snapshots;
      const sockets = [1, 2].map(() => net.connect(served.port, '127.0.0.1').on('error', () => {}).pause());
      for (const socket of sockets) socket.write(`GET /snapshots/${id}/download HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
      await until(() => served.audits.filter(({ action, outcome }) => action === 'download' && outcome === 'done').length === 2, 'both have begun');
      const third = await served.ask(`/snapshots/${id}/download`);
      assert.equal(third.status, 429);
      assert.ok(Number(third.headers['retry-after']) >= 1);
      for (const socket of sockets) socket.destroy();
      let again;
      do {
        await turn(20);
        again = await served.ask(`/snapshots/${id}/download`, { method: 'HEAD' });
      } while (again.status === 429);
      assert.equal(again.status, 200);
    });
  });
});

test('a download that is not read is cut off, and its file closed', { skip: process.platform !== 'linux' && 'no /proc' }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'heapwatch-download-'));
  const file = path.join(folder, 'large');
  writeFileSync(file, Buffer.alloc(64 * 1024 * 1024));
  let ended = false;
  /** @type {{ checkMs?: number }} */
  let limits = { checkMs: 100 };
  const { port, url, close } = await listen((_request, response) => { sendFile(response, file, 'a "name"\r\n', limits).then(() => { ended = true; }); });
  try {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => {}).pause();
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => ended, 'the cut');
    const isOpen = () => filesIn('/proc/self/fd').some((fd) => { try { return readlinkSync(`/proc/self/fd/${fd}`) === file; } catch { return false; } });
    await until(() => !isOpen(), 'the file to be closed');
    socket.destroy();
    limits = {};
    const whole = await ask(url);
    assert.equal(whole.text.length, 64 * 1024 * 1024, 'whoever reads gets all of it');
    assert.equal(whole.headers['content-disposition'], 'attachment; filename="a__name___"');
  } finally {
    await close();
    rmSync(folder, { recursive: true });
  }
});

test('an audit that rejects becomes a warning, also of a request that was refused', async () => {
  await withDashboard({ ...OPEN, audit: async () => { throw new Error('the database is down'); } }, async (served) => {
    const warned = once(process, 'warning');
    assert.equal((await served.ask('/gc', { method: 'POST' })).status, 403);
    assert.match(String((await warned)[0]), /audit.*the database is down/);
  });
});

test('an audit that throws hinders nobody; without one, a line on stderr has what happened', async () => {
  await withDashboard({ ...OPEN, audit: () => { throw new Error('the disk is full'); } }, async (served) => {
    const post = { method: 'POST', headers: { 'x-heapwatch-token': await served.token() } };
    assert.equal((await served.ask('/gc', post)).status, 200);
  });
  const lines = [];
  const { write } = process.stderr;
  process.stderr.write = (line) => { lines.push(line); return true; };
  try {
    await withDashboard({ ...OPEN, audit: undefined }, async (served) => {
      await served.ask('/gc', { method: 'POST', headers: { 'x-heapwatch-token': await served.token() } });
    });
  } finally {
    process.stderr.write = write;
  }
  assert.deepEqual(lines, ['heapwatch: dashboard: gc done (200) for 127.0.0.1\n']);
});

test('a line of the audit stays one line, whatever a reason holds', () => {
  const lines = [];
  const { write } = process.stderr;
  process.stderr.write = (line) => { lines.push(line); return true; };
  try {
    new Audit(undefined).add(/** @type {any} */ ({ socket: { remoteAddress: '::1' } }), { action: 'snapshot', outcome: 'failed', status: 500, reason: 'a\nheapwatch: dashboard: gc done\r\x1b[2K\u202e' });
  } finally {
    process.stderr.write = write;
  }
  assert.equal(lines.length, 1);
  assert.match(lines[0], /^[^\p{Cc}\p{Cf}]*\n$/u, 'no second line, no control characters');
});
