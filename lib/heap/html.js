'use strict';

const { readFileSync } = require('node:fs');
const path = require('node:path');

/**
 * One page with all in it: no network, no script of anybody else's. The result stands in it as data that the browser does
 * not read as a page, and is shown as text only: names come from the program and can be anything.
 *
 * @param {any} result a HeapSummary or a HeapDiff
 * @returns {string}
 */
function page(result) {
  const part = (/** @type {string} */ name) => readFileSync(path.join(__dirname, 'page', name), 'utf8');
  // "<" ends a script element or opens a comment in it; U+2028 and U+2029 end lines in old scripts.
  const data = JSON.stringify(result).replace(/[<\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return part('page.html')
    .replace('/*STYLE*/', () => part('page.css'))
    .replace('/*DATA*/', () => data)
    .replace('/*SCRIPT*/', () => part('page.browser.js'));
}

module.exports = { page };
