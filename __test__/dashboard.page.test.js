'use strict';

// The page in Chromium. HEAPWATCH_CHROMIUM names the browser, else /usr/bin/chromium is taken; where there is none these tests are
// skipped, but not in CI. Pictures go to artifacts/.

const assert = require('node:assert/strict');
const { fork } = require('node:child_process');
const { once } = require('node:events');
const { existsSync, mkdirSync, mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { createInterface } = require('node:readline');
const { after, before, test } = require('node:test');

const { chromium } = require('playwright-core');

const BROWSER = process.env.HEAPWATCH_CHROMIUM ?? '/usr/bin/chromium';
const skip = !existsSync(BROWSER) && !process.env.CI ? `there is no ${BROWSER}` : false;
const ARTIFACTS = path.join(__dirname, '..', 'artifacts');
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** On a machine that is busy with other tests. */
const PATIENT_MS = 60_000;

/** @type {import('playwright-core').Browser} */
let browser;

before(async () => {
  if (skip) return;
  assert.ok(existsSync(BROWSER), `${BROWSER} must be there: install Debian's chromium`);
  mkdirSync(ARTIFACTS, { recursive: true });
  browser = await chromium.launch({ executablePath: BROWSER, headless: true, args: ARGS });
});
after(async () => { await browser?.close(); });

/**
 * Opens the page of an app of its own; afterwards nothing may have gone wrong in it, nor left the host.
 *
 * @param {{ app: string, mode?: string, width?: number, height?: number, scheme?: 'light' | 'dark', expectErrors?: RegExp }} options
 * @param {(page: import('playwright-core').Page, more: { url: string, requests: string[] }) => Promise<void>} use
 */
async function withPage({ app, mode = '', width = 1280, height = 900, scheme = 'light', expectErrors = /$^/ }, use) {
  const dir = mkdtempSync(path.join(tmpdir(), 'heapwatch-dashboard-'));
  const child = fork(path.join(__dirname, 'fixtures', 'dashboard-app.js'), [app, mode, dir], { execArgv: ['--max-old-space-size=200'], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const [line] = await once(createInterface({ input: /** @type {any} */ (child.stdout) }), 'line');
  const { url } = JSON.parse(line);
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENT_MS);
  const requests = [];
  const wrong = [];
  page.on('request', (request) => requests.push(`${request.method()} ${request.url()}`));
  page.on('console', (message) => { if (message.type() !== 'log' && !expectErrors.test(message.text())) wrong.push(`${message.type()}: ${message.text()}`); });
  page.on('pageerror', (error) => wrong.push(String(error.stack ?? error)));
  try {
    await page.goto(url);
    await use(page, { url, requests });
    assert.deepEqual(wrong, []);
    assert.deepEqual(requests.filter((request) => !request.split(' ')[1].startsWith(`${url}`)), [], 'nothing leaves the host');
  } finally {
    await context.close();
    child.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }
}

const live = (page) => page.waitForSelector('#live[data-live="true"]');
const picture = (page, name) => page.screenshot({ path: path.join(ARTIFACTS, `${name}.png`), fullPage: true });

/** Colours on each canvas: one that was not drawn on has one. */
const drawn = (page) => page.$$eval('canvas', (all) => all.map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const colours = new Set();
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 0) colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  return colours.size;
}));

const idle = (page) => page.waitForFunction(() => !document.querySelector('#take').disabled);

async function take(page) {
  const before = await page.locator('.snapshots li').count();
  await page.click('#take');
  await page.waitForFunction((count) => document.querySelectorAll('.snapshots li[data-status="ready"]').length > count, before);
  await idle(page);
}

test('the page paints from one request, draws all charts, and goes on by itself', { skip }, async (t) => {
  await withPage({ app: 'leaks' }, async (page, { url, requests }) => {
    await page.waitForSelector('canvas');
    const { body } = await page.evaluate(async (address) => { const response = await fetch(address); return { body: (await response.text()).length }; }, url);
    t.diagnostic(`${body} bytes`);
    assert.ok(body < 150_000);
    assert.equal(requests[0], `GET ${url}`);
    assert.deepEqual(requests.slice(1, 2).filter((request) => !/\/(stream\?since=\d+|snapshots|state)$/.test(request)), [], 'scripts, styles, fonts and pictures are in it');
    const resources = await page.evaluate(() => performance.getEntriesByType('resource').filter(({ initiatorType }) => initiatorType !== 'fetch' && initiatorType !== 'other').map(({ name }) => name));
    assert.deepEqual(resources, []);
    await live(page);
    const stats = () => page.$$eval('.stat b', (all) => all.map((element) => element.textContent).join());
    const before = await stats();
    await page.waitForFunction((was) => [...document.querySelectorAll('.stat b')].map((element) => element.textContent).join() !== was, before);
    await page.waitForFunction(() => /^Leaking .* in the V8 heap since \d\d:\d\d\.$/.test(document.querySelector('#verdict h1').textContent));
    assert.match(await page.textContent('.details'), /The V8 limit of \d+ MB will be hit in .*, (at|between) \d\d:\d\d/);
    assert.match(await page.title(), /^● Leaking/);
    assert.match(await page.textContent('.events'), /threshold/);
    const colours = await drawn(page);
    assert.equal(colours.length, 5);
    assert.ok(colours.every((count) => count > 5), `${colours}`);
    await picture(page, 'leak-light-1280');
  });
});

test('a snapshot is taken and looked into by clicks, two are compared, and the culprit is in the headline', { skip }, async () => {
  await withPage({ app: 'leaks' }, async (page) => {
    await live(page);
    await take(page);
    await page.click('.snapshots button.act');
    await page.waitForSelector('.classes tbody tr');
    assert.deepEqual(await page.$$eval('.classes thead th', (all) => all.map((element) => element.textContent)), ['class', 'count', 'shallow', 'retained', 'Δ']);
    await page.click('.classes tbody button');
    assert.equal(await page.getAttribute('.classes tbody button', 'aria-expanded'), 'true');
    await page.click('text=Close');
    await take(page);
    for (const at of [0, 1]) await page.locator('.snapshots input').nth(at).check();
    await page.click('#compare');
    await page.waitForSelector('.findings li');
    assert.match(await page.textContent('.findings'), /sessions \(module variable in dashboard-app\.js\) holds [\d,]+ more Sessions/);
    assert.ok((await page.locator('.findings .path li').count()) > 1, 'with the way to it');
    assert.match(await page.textContent('.details'), /sessions \(module variable in dashboard-app\.js\) holds/);
    await page.click('#collect');
    await page.waitForFunction(() => /freed in/.test(document.querySelector('.heap .note').textContent));
    await picture(page, 'comparison-light-1280');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('.snapshots a')]);
    assert.match(download.suggestedFilename(), /^heapwatch-.*\.heapsnapshot$/);
    assert.equal(await download.failure(), null);
  });
});

test('names that are markup are shown as they are, and run nowhere', { skip }, async () => {
  await withPage({ app: 'hostile' }, async (page) => {
    await live(page);
    await take(page);
    await take(page);
    for (const at of [0, 1]) {
      await page.locator('.snapshots button.act').nth(at).click();
      await page.waitForSelector('.classes tbody tr');
      await idle(page);
    }
    for (const at of [0, 1]) await page.locator('.snapshots input').nth(at).check();
    await page.click('#compare');
    await page.waitForSelector('.findings li');
    await page.click('.more').catch(() => {});
    for (const button of await page.$$('.classes tbody button')) if (await button.isVisible()) await button.click();
    const text = await page.textContent('.result');
    assert.match(text, /<img src=x onerror="globalThis\.pwned=1"><\/script>/, 'of a class or a key');
    assert.match(text, /<img src=x onerror="globalThis\.pwned=3">\.js/, 'of a script');
    assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
    assert.equal(await page.locator('img').count(), 0);
    await picture(page, 'hostile-light-1280');
  });
  await withPage({ app: 'hostile', mode: 'failing', expectErrors: /status of 50\d/ }, async (page) => {
    await live(page);
    await page.click('#take');
    await page.waitForSelector('.heap .note.failed');
    assert.match(await page.textContent('.heap .note.failed'), /<img src=x onerror=/);
    assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
  });
});

test('every control is reached with Tab in the order of the page, and Enter and the arrows work', { skip }, async () => {
  await withPage({ app: 'leaks' }, async (page) => {
    await live(page);
    await take(page);
    await page.reload(); // from the top
    await live(page);
    await page.waitForSelector('.snapshots li');
    const reached = [];
    for (let i = 0; i < 60; i += 1) {
      await page.keyboard.press('Tab');
      const now = await page.evaluate(() => {
        const element = document.activeElement;
        const { outlineStyle } = getComputedStyle(element);
        return element === document.body ? null : { name: element.getAttribute('aria-label') ?? element.textContent, tag: element.tagName, outlineStyle, y: element.getBoundingClientRect().top + scrollY };
      });
      if (now === null) break;
      reached.push(now);
    }
    const controls = await page.$$eval('button:not(:disabled), a[href], input, [tabindex="0"]', (all) => all.filter((element) => element.getClientRects().length > 0).length);
    assert.equal(reached.length, controls);
    assert.ok(reached.every(({ outlineStyle }) => outlineStyle !== 'none'), 'and where it is can be seen');
    const places = reached.slice(1).map(({ y }) => Math.round(y / 40));
    assert.deepEqual(places, [...places].sort((a, b) => a - b), 'from top to bottom');
    for (const wanted of ['2 h', 'Collect garbage', 'Take snapshot']) assert.ok(reached.some(({ name }) => name === wanted), wanted);

    await page.focus('#ranges button:nth-child(2)');
    await page.keyboard.press('Enter');
    assert.equal(await page.getAttribute('#ranges button:nth-child(2)', 'aria-pressed'), 'true');
    await page.focus('#memory .plot');
    await page.keyboard.press('ArrowLeft');
    assert.match(await page.textContent('#memory .time'), /^\d\d:\d\d:\d\d$/);
    await page.keyboard.press('Escape');
    assert.equal(await page.textContent('#memory .time'), '');
    await page.focus('#collect');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => /freed in/.test(document.querySelector('.heap .note').textContent));
  });
});

for (const [app, width, scheme] of /** @type {const} */ ([['idle', 1280, 'dark'], ['idle', 390, 'light'], ['leaks', 768, 'dark'], ['leaks', 390, 'dark']])) {
  test(`nothing is cut off at ${width} pixels, ${scheme}, ${app === 'idle' ? 'just started' : 'with a leak'}`, { skip }, async () => {
    await withPage({ app, width, scheme }, async (page) => {
      await live(page);
      if (app === 'leaks') await page.waitForFunction(() => /^Leaking/.test(document.querySelector('#verdict h1').textContent));
      else assert.equal(await page.textContent('#verdict h1'), 'Too early to tell.');
      assert.ok((await drawn(page)).every((count) => count > 3));
      assert.deepEqual(await page.evaluate(() => [document.documentElement.scrollWidth <= innerWidth, [...document.querySelectorAll('h1, h2, p, b, button')].filter((element) => element.getClientRects().length > 0 && element.getBoundingClientRect().right > innerWidth + 1).map((element) => element.textContent)]), [true, []]);
      await picture(page, `${app}-${scheme}-${width}`);
    });
  });
}

test('a server that goes is tried again ever later, and another process behind the same address is taken up', { skip }, async () => {
  await withPage({ app: 'idle', expectErrors: /ERR_|Failed to load/ }, async (page) => {
    await live(page);
    const tries = [];
    await page.route('**/stream?*', (route) => { tries.push(Date.now()); return route.abort(); });
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await page.waitForSelector('#live[data-live="false"]');
    const until = Date.now() + PATIENT_MS;
    while (tries.length < 4 && Date.now() < until) await page.waitForTimeout(100);
    const [first, second, third] = tries.slice(1).map((timeMs, i) => timeMs - tries[i]);
    assert.ok(first >= 700 && second >= 1400 && third >= 2800, `${[first, second, third]}`);
    assert.match(await page.textContent('#live'), /^Not connected\. Again in \d+ s$/);
    await page.unroute('**/stream?*');
    await live(page);
  });
});
