'use strict';

const { existsSync, readFileSync, writeFileSync } = require('node:fs');

/**
 * Puts texts into their places in a document, which are marked `<!-- name -->` … `<!-- /name -->`.
 *
 * @param {string} file
 * @param {Record<string, string>} parts
 */
function fillIn(file, parts) {
  if (!existsSync(file)) return;
  const text = Object.entries(parts).reduce((document, [name, part]) =>
    document.replace(new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`), (_, open, close) => `${open}\n${part}\n\n${close}`), readFileSync(file, 'utf8'));
  writeFileSync(file, text);
}

module.exports = { fillIn };
