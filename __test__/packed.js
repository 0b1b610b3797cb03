'use strict';

// What a user would install: the tarballs that `npm pack` makes, heapwatch's own and that of this platform's binary.

const { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');

const { ROOT, run } = require('./run.js');

/** @param {string} command @param {string[]} args @param {string} cwd */
async function runWell(command, args, cwd) {
  const result = await run(command, args, {}, { cwd, timeoutMs: 300_000 });
  if (result.code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${result.code ?? result.signal}\n${result.stdout}\n${result.stderr}`);
  return result;
}

/**
 * @param {string} into a folder
 * @returns {Promise<string[]>} the tarballs' paths
 */
async function pack(into) {
  const binary = readdirSync(ROOT).find((file) => file.endsWith('.node'));
  if (binary === undefined) throw new Error('there is no binary: npm run build');
  const platform = path.join(into, 'platform');
  cpSync(path.join(ROOT, 'npm', binary.replace(/^heapwatch\.|\.node$/g, '')), platform, { recursive: true });
  cpSync(path.join(ROOT, binary), path.join(platform, binary));
  // Built already: what is packed is what is tested.
  for (const folder of [ROOT, platform]) await runWell('npm', ['pack', '--ignore-scripts', '--pack-destination', into], folder);
  return readdirSync(into).filter((file) => file.endsWith('.tgz')).map((file) => path.join(into, file));
}

/**
 * A copy of an example with everything installed, heapwatch from the tarballs.
 *
 * @param {string} name
 */
async function installedExample(name) {
  const dir = mkdtempSync(path.join(tmpdir(), 'heapwatch-example-'));
  const remove = () => rmSync(dir, { recursive: true, force: true });
  try {
    const [project, tarballs] = ['project', 'tarballs'].map((folder) => path.join(dir, folder));
    cpSync(path.join(ROOT, 'examples', name), project, { recursive: true, filter: (file) => path.basename(file) !== 'node_modules' });
    mkdirSync(tarballs);
    await runWell('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', ...await pack(tarballs)], project);
    return { dir: project, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

module.exports = { installedExample };
