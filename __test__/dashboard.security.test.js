'use strict';

// Each rule of docs/security.md alone: a request that is fine but for one thing.

const assert = require('node:assert/strict');
const { existsSync, readdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');

const { dashboard, start, stop } = require('..');
const { authorized } = require('../lib/dashboard/guard.js');
const { withDashboard } = require('./dashboard-servers.js');
const { withFolder } = require('./snapshots.js');

before(() => { start(); });
after(() => { stop(); });

/** What a browser sends with a click in the page. */
const click = (token, origin) => ({ method: 'POST', headers: { origin, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'x-heapwatch-token': token } });

const OPEN = { authorize: () => true, trigger: true, download: true, metrics: true, cooldownMs: 0 };

/** Each: what is changed in a click that is let through without it. */
const CLICKS = [
  { rule: 'the page\'s token is missing', change: ({ headers }) => { delete headers['x-heapwatch-token']; } },
  { rule: 'the token is another one', change: ({ headers }) => { headers['x-heapwatch-token'] = 'a'.repeat(32); } },
  { rule: 'the Origin is another site', change: ({ headers }) => { headers.origin = 'https://evil.example'; } },
  { rule: 'the Origin is another port of this host', change: ({ headers }) => { headers.origin = 'http://127.0.0.1:1'; } },
  { rule: 'the Origin is null (a sandboxed frame, a file)', change: ({ headers }) => { headers.origin = 'null'; } },
  { rule: 'the browser says that another site asks', change: ({ headers }) => { headers['sec-fetch-site'] = 'cross-site'; } },
  { rule: 'the browser says that a neighbouring site asks', change: ({ headers }) => { headers['sec-fetch-site'] = 'same-site'; } },
  { rule: 'the Host is a name that was not given (DNS rebinding)', change: ({ headers }) => { headers.host = 'evil.example'; headers.origin = 'http://evil.example'; } },
  { rule: 'the Host looks like a loopback address', change: ({ headers }) => { headers.host = '127.0.0.1.evil.example'; headers.origin = 'http://127.0.0.1.evil.example'; } },
  { rule: 'X-Forwarded-Host cannot replace it', change: ({ headers }) => { headers.host = 'evil.example'; headers.origin = 'http://localhost'; headers['x-forwarded-host'] = 'localhost'; } },
  { rule: 'it is a GET', change: (init) => { init.method = 'GET'; }, status: 405 },
  { rule: 'it is a PUT', change: (init) => { init.method = 'PUT'; }, status: 405 },
  { rule: 'triggers are switched off', options: { trigger: false }, says: /switched off/ },
];

test('a click is let through when nothing is wrong with it', async () => {
  await withDashboard(OPEN, async ({ url, ask, token }) => {
    const { status, body } = await ask('/gc', click(await token(), url));
    assert.equal(status, 200);
    assert.ok(body.pauseMs > 0);
  });
});

for (const { rule, change = () => {}, options = {}, status = 403, says = /./ } of CLICKS) {
  test(`a click is refused and nothing is collected where ${rule}`, async () => {
    await withDashboard({ ...OPEN, ...options }, async ({ url, ask, audits, token }) => {
      const init = click(await token() ?? 'there is none for those who may not', url);
      change(init);
      const answer = await ask('/gc', init);
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.body.error.message, says);
      assert.equal(audits.filter(({ outcome }) => outcome === 'done').length, 0);
    });
  });
}

const failing = () => { throw new Error('the session store is down'); };

/** Those who may not get no token; so what refuses here must be authorize, the token is one from before. */
test('a click with a token that was given before is refused once authorize does not answer true', async () => {
  for (const answer of [() => false, () => 1, () => 'true', () => ({}), () => undefined, async () => 'yes', failing, async () => failing()]) {
    let authorize = /** @type {any} */ (() => true);
    await withDashboard({ ...OPEN, authorize: () => authorize() }, async ({ url, ask, token, audits }) => {
      const known = await token();
      authorize = answer;
      const { status, body } = await ask('/gc', click(known, url));
      assert.equal(status, 403, String(answer));
      assert.match(body.error.message, /authorize/);
      assert.deepEqual(audits.map(({ action, outcome, status: code }) => [action, outcome, code]), [['gc', 'refused', 403]]);
    });
  }
});

test('an authorize that throws refuses everything, the page too', async () => {
  await withDashboard({ ...OPEN, authorize: () => { throw new Error('down'); } }, async ({ ask }) => {
    for (const place of ['/', '/state', '/stream', '/metrics', '/snapshots']) assert.equal((await ask(place)).status, 403, place);
  });
});

test('authorize is told what it is asked for, and its answer holds for that alone', async () => {
  const asked = [];
  await withDashboard({ ...OPEN, authorize: (request, action) => { asked.push([request.url, action]); return action !== 'metrics'; } }, async ({ ask }) => {
    assert.equal((await ask('/metrics')).status, 403);
    assert.equal((await ask('/snapshots')).status, 200);
    assert.equal((await ask(`/snapshots/${'0'.repeat(32)}/download`)).status, 404);
    assert.deepEqual(asked.map(([, action]) => action), ['metrics', 'trigger', 'download']);
  });
});

test('an authorize that says nothing is not waited for for ever', { timeout: 30_000 }, async () => {
  await withDashboard({ ...OPEN, authorize: () => new Promise(() => {}) }, async ({ ask }) => {
    assert.equal((await ask('/state')).status, 403);
  });
});

test('who may not trigger gets no token, and triggers are no option without authorize', async () => {
  await withDashboard({ ...OPEN, authorize: (_request, action) => action === 'page' }, async ({ ask }) => {
    const { body, text } = await ask('/state');
    assert.deepEqual([body.token, body.may.trigger, body.may.download], [undefined, false, false]);
    assert.doesNotMatch(text, /token/);
  });
  await withDashboard({}, async ({ ask, url }) => {
    assert.equal((await ask('/gc', click('', url))).status, 403);
    assert.equal((await ask('/snapshots', click('', url))).status, 403);
    assert.equal((await ask('/snapshots')).status, 403);
    assert.equal((await ask(`/snapshots/${'0'.repeat(32)}/download`)).status, 403);
  });
  for (const name of ['trigger', 'download']) assert.throws(() => dashboard({ [name]: true }), { code: 'HEAPWATCH_INVALID_OPTION', option: 'authorize' });
});

test('what is switched off stays so for those who may do everything', async () => {
  await withDashboard({ authorize: () => true }, async ({ ask, url }) => {
    for (const [place, init] of [['/gc', click('', url)], ['/snapshots', click('', url)], ['/snapshots', {}], [`/snapshots/${'0'.repeat(32)}/download`, {}]]) {
      const { status, body } = await ask(place, init);
      assert.equal(status, 403, place);
      assert.match(body.error.message, /switched off/, place);
    }
    assert.equal((await ask('/metrics')).status, 404);
  });
});

test('without authorize nobody may trigger or download, should a switch ever be forgotten', async () => {
  const [request, settings] = /** @type {any} */ ([{ headers: {} }, {}]);
  assert.deepEqual(await Promise.all(['page', 'metrics', 'trigger', 'download', 'whatever comes'].map((action) => authorized(request, action, settings))), [true, true, false, false, false]);
});

/** Requests for the page and its data. */
const HOSTS = [
  { host: 'evil.example', status: 403 },
  { host: 'localhost.evil.example', status: 403 },
  { host: 'ops.example.com.evil.example', status: 403 },
  { host: 'OPS.example.com', status: 200 },
  { host: 'ops.example.com:8443', status: 200 },
  { host: 'localhost:3000', status: 200 },
  { host: 'app.localhost', status: 200 },
  { host: '10.1.2.3:9090', status: 200 },
  { host: '[::1]:3000', status: 200 },
];

for (const { host, status } of HOSTS) {
  test(`the Host ${JSON.stringify(host)} is ${status === 200 ? 'answered' : 'refused, the page, its data and its stream'}`, async () => {
    await withDashboard({ hosts: ['ops.example.com'] }, async ({ ask }) => {
      for (const place of status === 200 ? ['/', '/state'] : ['/', '/state', '/stream']) assert.equal((await ask(place, { headers: { host } })).status, status, place);
    });
  });
}

test('a name that a proxy forwards is no Host', async () => {
  await withDashboard({}, async ({ ask }) => {
    for (const header of ['x-forwarded-host', 'forwarded', 'x-host', 'x-original-host']) {
      const { status } = await ask('/state', { headers: { host: 'evil.example', [header]: header === 'forwarded' ? 'host=localhost' : 'localhost' } });
      assert.equal(status, 403, header);
    }
  });
});

test('behind a proxy that puts its own name for Host, the Origin must be one of the names', async () => {
  await withDashboard({ ...OPEN, hosts: ['app', 'ops.example.com'] }, async ({ ask, token }) => {
    const known = await token();
    const init = (origin) => ({ ...click(known, origin), headers: { ...click(known, origin).headers, host: 'app:3000' } });
    assert.equal((await ask('/gc', init('https://ops.example.com'))).status, 200);
    assert.equal((await ask('/gc', init('https://evil.example'))).status, 403);
  });
});

test('a link may lead to the page from anywhere; its data, its stream and frames of it are for itself alone', async () => {
  await withDashboard(OPEN, async ({ ask }) => {
    const from = (headers) => ({ headers: { 'sec-fetch-site': 'cross-site', ...headers } });
    assert.equal((await ask('/', from({ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }))).status, 200);
    assert.equal((await ask('/', from({ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }))).status, 403);
    assert.equal((await ask('/', from({ 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }))).status, 403);
    for (const place of ['/state', '/stream', '/metrics', '/snapshots']) {
      assert.equal((await ask(place, from({ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }))).status, 403, place);
      assert.equal((await ask(place, { headers: { origin: 'https://evil.example' } })).status, 403, place);
    }
  });
});

/** On every answer, of the page, of data, of refusals. */
const HEADERS = {
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/,
  'referrer-policy': /^no-referrer$/,
  'cache-control': /^no-store, no-transform$/,
  'permissions-policy': /camera=\(\), geolocation=\(\), microphone=\(\)/,
  'cross-origin-resource-policy': /^same-origin$/,
  'cross-origin-opener-policy': /^same-origin$/,
  'content-security-policy': /default-src 'none'.*frame-ancestors 'none'/,
};

test('every answer has the headers that keep others out', async () => {
  await withDashboard({ ...OPEN, authorize: undefined, trigger: false, download: false }, async ({ ask, url }) => {
    const answers = { page: await ask('/'), state: await ask('/state'), metrics: await ask('/metrics'), missing: await ask('/nothing'), refused: await ask('/gc', click('', url)), elsewhere: await ask('/', { headers: { host: 'evil.example' } }) };
    for (const [name, { headers }] of Object.entries(answers)) {
      for (const [header, wanted] of Object.entries(HEADERS)) assert.match(headers[header] ?? '', wanted, `${header} of ${name}`);
      assert.equal(headers['access-control-allow-origin'], undefined, name);
    }
  });
});

test('the page admits its own script and style alone, by their hashes', async () => {
  const { createHash } = require('node:crypto');
  await withDashboard({}, async ({ ask }) => {
    const { headers, text } = await ask('/');
    const policy = headers['content-security-policy'];
    const hash = (content) => `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
    const scripts = [...text.matchAll(/<script(?: type="([^"]*)")?[^>]*>([^]*?)<\/script>/g)].filter(([, type]) => type === undefined);
    assert.deepEqual(scripts.map(([, , content]) => hash(content)), [/script-src ([^;]*)/.exec(policy)[1]]);
    assert.deepEqual([...text.matchAll(/<style>([^]*?)<\/style>/g)].map(([, content]) => hash(content)), [/style-src ([^;]*)/.exec(policy)[1]]);
    assert.doesNotMatch(policy, /unsafe|\*/);
    const rest = policy.split('; ').filter((directive) => !/^(script|style)-src /.test(directive)).sort();
    assert.deepEqual(rest, ["base-uri 'none'", "connect-src 'self'", "default-src 'none'", "form-action 'none'", "frame-ancestors 'none'", 'img-src data:', "require-trusted-types-for 'script'", "trusted-types 'none'"]);
    assert.doesNotMatch(text, / on[a-z]+="| style="|javascript:/i, 'nothing inline that no hash covers');
  });
});

test('what a program is called cannot end the data that stands in the page', async () => {
  const name = '</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>\u2028';
  const watcher = start();
  const lying = new Proxy(watcher, { get: (target, key) => (key === 'health' ? () => ({ status: 'strained', reason: name }) : bound(target, key)) });
  await withDashboard({ watcher: lying }, async ({ ask }) => {
    const { text } = await ask('/');
    assert.equal(text.split('</script>').length, 3, 'two elements, as ever');
    assert.equal(JSON.parse(/id="data">([^]*?)<\/script>/.exec(text)[1]).health.reason, name, 'and it is read as it is');
    assert.doesNotMatch(text, /<img|<!--/);
  });
  stop();
});

function bound(target, key) {
  const value = Reflect.get(target, key);
  return typeof value === 'function' ? value.bind(target) : value;
}

test('no address leads to a file', async () => {
  await withFolder(async (dir) => {
    writeFileSync(path.join(dir, 'secret.heapsnapshot'), 'secret');
    await withDashboard({ ...OPEN, dir }, async ({ ask, url, token }) => {
      const known = await token();
      for (const id of ['secret', 'secret.heapsnapshot', '..%2fsecret', '../secret', '%2e%2e/secret.heapsnapshot', '0'.repeat(32), 'x'.repeat(5000), '__proto__']) {
        const got = await ask(`/snapshots/${id}/download`);
        assert.equal(got.status, 404, id);
        const posted = await ask(`/snapshots/${id}/analysis`, click(known, url));
        assert.equal(posted.status, 404, id);
        assert.doesNotMatch(got.text + posted.text, new RegExp(dir));
      }
    });
    assert.deepEqual(readdirSync(dir), ['secret.heapsnapshot']);
    assert.ok(existsSync(path.join(dir, 'secret.heapsnapshot')));
  });
});

test('refusals are told, but not without end', async () => {
  await withDashboard(OPEN, async ({ ask, url, audits }) => {
    for (let i = 0; i < 100; i += 1) await ask('/gc', click('wrong', url));
    assert.ok(audits.length >= 1 && audits.length <= 40, `${audits.length} lines for 100 refusals`);
    assert.deepEqual(Object.keys(audits[0]).sort(), ['action', 'outcome', 'reason', 'remoteAddress', 'status', 'timeMs']);
    assert.equal(audits[0].remoteAddress, '127.0.0.1');
  });
});
