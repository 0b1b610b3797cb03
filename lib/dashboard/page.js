'use strict';

const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const path = require('node:path');

/** In the order in which they need each other. */
const MODULES = ['../../terminal/units.js', ...['format', 'data', 'words', 'dom', 'plot', 'charts', 'tables', 'panels', 'heap', 'stream', 'main'].map((name) => `${name}.mjs`)];

/** @type {{ head: string, tail: string, policy: string } | undefined} */
let made;

/**
 * One document with all in it: the first paint needs nothing else. Scripts and styles never change, so their hashes are what the
 * Content-Security-Policy admits; the state stands in it as data, which no browser runs.
 */
function shell() {
  if (made) return made;
  const read = (/** @type {string} */ name) => readFileSync(path.join(__dirname, 'page', name), 'utf8');
  const plots = ['uplot/dist/uPlot.min.css', 'uplot/dist/uPlot.iife.min.js'].map((name) => readFileSync(require.resolve(name), 'utf8').trim());
  const style = `${plots[0]}\n${tight(slim(read('page.css')))}`;
  const script = `'use strict';\n${plots[1]}\n(() => {\n${MODULES.map((name) => joined(slim(read(name)))).join('\n')}\n})();`;
  const document = read('page.html').trim().replace('/*STYLE*/', () => style).replace('/*SCRIPT*/', () => script);
  const [head, tail] = document.split('/*DATA*/');
  made = {
    head,
    tail,
    policy: [
      "default-src 'none'", `script-src '${hash(script)}'`, `style-src '${hash(style)}'`, "connect-src 'self'", 'img-src data:',
      "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].join('; '),
  };
  return made;
}

/**
 * @param {unknown} state
 * @returns {{ html: string, policy: string }}
 */
function page(state) {
  const { head, tail, policy } = shell();
  // "<" ends a script element or opens a comment in it.
  const data = JSON.stringify(state).replace(/[<\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return { html: head + data + tail, policy };
}

/** Without indentation and lines of comment: a page has a size to keep. @param {string} source */
function slim(source) {
  return source.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !/^(\/\/|\/?\*[ */]|\*$)/.test(line) && !/^\/\*.*\*\/$/.test(line)).join('\n');
}

/** A style sheet without the blanks that mean nothing. @param {string} css */
function tight(css) {
  return css.replace(/([:;,{]) /g, '$1').replace(/ ([{}])/g, '$1').replace(/;}/g, '}');
}

/** Modules of one script see each other anyway. @param {string} source */
function joined(source) {
  return source.replace(/^(import [^;]*|module\.exports = [^;]*|'use strict');\n?/gm, '').replace(/^export /gm, '');
}

/** @param {string} text */
function hash(text) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

module.exports = { page };
