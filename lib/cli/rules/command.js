'use strict';

const { GOOD } = require('../exit-codes.js');
const { parseRuleOptions, USAGE } = require('./options.js');
const { toYaml } = require('./rules.js');

/**
 * `heapwatch rules`
 *
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
async function run(args) {
  process.stdout.write(`${toYaml(parseRuleOptions(args))}\n`);
  return GOOD;
}

module.exports = { run, usage: USAGE, summary: 'print alert rules for Prometheus' };
