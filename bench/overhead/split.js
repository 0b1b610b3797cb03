'use strict';

const { runChild } = require('../lib/child.js');

/**
 * Tries each source once.
 *
 * @param {string[]} sources
 * @param {string} child
 * @param {{ node: string, flags: string[], args: string[] }} options
 * @returns {Promise<{ running: string[], errors: Record<string, string> }>} the errors' first lines
 */
async function split(sources, child, { args, ...options }) {
  const running = [];
  /** @type {Record<string, string>} */
  const errors = {};
  for (const source of sources) {
    const { code, signal, stderr } = await runChild(child, { ...options, args: [...args, '--source', source] });
    if (code === 0) running.push(source);
    else errors[source] = /Error: .*/.exec(stderr)?.[0] ?? `exit code ${code}, signal ${signal}`;
  }
  return { running, errors };
}

module.exports = { split };
