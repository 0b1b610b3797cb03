'use strict';

// Snapshots of a page in Chromium:  node make-chromium.js <file> [<file after growth>]
// CHROMIUM names the browser (default: chromium on PATH, as apt-get install chromium puts it there).

const fs = require('node:fs');
const { chromium } = require('playwright-core');

/** Fills the page with documents, detached nodes, listeners, WeakMaps, frames. */
function fill(count) {
  window.kept ??= [];
  const { kept } = window;
  const weak = new WeakMap();
  for (let i = 0; i < count; i++) {
    const row = document.createElement('div');
    row.id = `row-${kept.length}-${i}`;
    row.className = 'a b';
    row.innerHTML = `<span title="t${i}">text ${i}</span><ul><li>1<li>2</ul>`;
    row.addEventListener('click', () => kept.push(i));
    weak.set(row, { row: i, text: `of row ${i}` });
    if (i % 3) document.body.append(row);
    if (i % 2) kept.push({ row, at: new Date(), map: new Map([[row, i]]), set: new Set([`v${i}`]) });
  }
  for (const row of [...document.querySelectorAll('div')].slice(0, count / 4)) row.remove();
  const frame = document.createElement('iframe');
  frame.srcdoc = '<p>inner</p><script>window.inner = Array.from({ length: 500 }, (_, i) => ({ i, name: "n" + i }));</scr' + 'ipt>';
  document.body.append(frame);
  kept.push(weak, new Uint8Array(10000), new Promise(() => {}), frame, document.createRange());
}

async function writeSnapshot(session, file) {
  const out = fs.createWriteStream(file);
  const write = ({ chunk }) => out.write(chunk);
  session.on('HeapProfiler.addHeapSnapshotChunk', write);
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  session.off('HeapProfiler.addHeapSnapshotChunk', write);
  await new Promise((resolve) => { out.end(resolve); });
}

async function main(files) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  const page = await browser.newPage();
  await page.setContent('<!doctype html><title>heap</title><h1>heap</h1>');
  const session = await page.context().newCDPSession(page);
  for (const file of files) {
    await page.evaluate(fill, 3000);
    await page.waitForTimeout(300);
    await writeSnapshot(session, file);
  }
  await browser.close();
}

const files = process.argv.slice(2);
if (files.length === 0) {
  process.stderr.write('usage: make-chromium.js <file> [<file after growth>]\n');
  process.exitCode = 2;
} else {
  main(files);
}
