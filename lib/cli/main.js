'use strict';

const { messageOf } = require('../errors.js');
const { GOOD, USAGE } = require('./exit-codes.js');
const { UsageError } = require('./usage-error.js');


/**
 * Runs with the arguments after its name and answers the exit code.
 *
 * @typedef {{ summary: string, usage: string, run: (args: string[]) => Promise<number> }} Command
 */

/** Loaded when called: one command needs nothing of the others. @type {Record<string, () => Command>} */
const COMMANDS = {
  check: () => require('./check/command.js'),
  diff: () => require('./heap/diff.js'),
  inspect: () => require('./heap/inspect.js'),
  rules: () => require('./rules/command.js'),
  snapshot: () => require('./snapshot/command.js'),
  verify: () => require('./verify/command.js'),
};

/**
 * @param {string[]} args without node and the script
 * @returns {Promise<number>} the exit code
 */
async function main(args) {
  const [name, ...rest] = args;
  if (name === '--version' || name === '-v') return say(require('../../package.json').version);
  if (name === '--help' || name === '-h') return say(help());
  if (name === 'help') return rest[0] === undefined || !Object.hasOwn(COMMANDS, rest[0]) ? say(help()) : say(COMMANDS[rest[0]]().usage);
  if (name === undefined) return complain(help());
  if (!Object.hasOwn(COMMANDS, name)) return complain(`heapwatch: ${unknown(name)}\n\nheapwatch --help tells what there is.`);

  const command = COMMANDS[name]();
  const own = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  if (own.includes('--help') || own.includes('-h')) return say(command.usage);
  try {
    return await command.run(rest);
  } catch (error) {
    if (error instanceof UsageError) return complain(`heapwatch ${name}: ${error.message}\n\nheapwatch ${name} --help tells more.`);
    return complain(`heapwatch ${name}: ${error instanceof Error ? error.stack : messageOf(error)}`);
  }
}

function help() {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, load]) => `  ${name.padEnd(width)}  ${load().summary}`);
  return `usage: heapwatch <command> [options]

${lines.join('\n')}

  heapwatch <command> --help   its options
  heapwatch --version

Exit codes: 0 good, 1 a finding, 2 wrong usage or could not be done.`;
}

/** @param {string} name */
function unknown(name) {
  const what = name.startsWith('-') ? 'option' : 'command';
  const nearest = Object.keys(COMMANDS)
    .map((known) => ({ known, distance: distance(name, known) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const hint = what === 'command' && nearest.distance <= Math.ceil(nearest.known.length / 2)
    ? `Did you mean ${nearest.known}?`
    : `Commands are ${Object.keys(COMMANDS).join(', ')}.`;
  return `there is no ${what} ${JSON.stringify(name)}. ${hint}`;
}

/**
 * How many letters must be put in, taken out or changed (Levenshtein).
 *
 * @param {string} from
 * @param {string} to
 */
function distance(from, to) {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i += 1) {
    const above = row;
    row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      row[j] = Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + Number(from[i - 1] !== to[j - 1]));
    }
  }
  return row[to.length];
}

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
  return GOOD;
}

/** @param {string} text */
function complain(text) {
  process.stderr.write(`${text}\n`);
  return USAGE;
}

module.exports = { main };
