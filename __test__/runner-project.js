'use strict';

// A project below an installed runner, with heapwatch in its node_modules as npm would put it there.

const { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { stripVTControlCharacters } = require('node:util');

const { ROOT, run } = require('./run.js');

const FIXTURES = path.join(__dirname, 'fixtures', 'runners');

/** Folders with the runners' node_modules, as .ci/run installs them; the variables may name others. */
const RUNNERS = {
  jest29: { variable: 'HEAPWATCH_JEST29', bin: 'jest/bin/jest.js' },
  jest30: { variable: 'HEAPWATCH_JEST30', bin: 'jest/bin/jest.js' },
  vitest: { variable: 'HEAPWATCH_VITEST', bin: 'vitest/vitest.mjs' },
};

/** @param {keyof typeof RUNNERS} name */
function folderOf(name) {
  return process.env[RUNNERS[name].variable] ?? path.join(ROOT, '.node-majors', 'other', name);
}

/** What makes a test that needs it be skipped; in CI nothing is. @param {keyof typeof RUNNERS} name */
function whyNot(name) {
  return !existsSync(path.join(folderOf(name), 'node_modules', RUNNERS[name].bin)) && !process.env.CI ? `${RUNNERS[name].variable} names no folder with it` : false;
}

/** @param {keyof typeof RUNNERS} name */
const versionOf = (name) => JSON.parse(readFileSync(path.join(folderOf(name), 'node_modules', RUNNERS[name].bin.split('/')[0], 'package.json'), 'utf8')).version;

/** @param {string} dir gets heapwatch, as npm would put it there */
function putHeapwatchInto(dir) {
  const target = path.join(dir, 'node_modules', 'heapwatch');
  mkdirSync(target, { recursive: true });
  const binary = readdirSync(ROOT).filter((file) => file.endsWith('.node'));
  for (const part of ['index.js', 'index.d.ts', 'native.js', 'package.json', 'lib', 'types', ...binary]) cpSync(path.join(ROOT, part), path.join(target, part), { recursive: true });
}

/**
 * @param {keyof typeof RUNNERS} name
 * @param {Record<string, unknown>} [config] of Jest
 * @param {string} [files] the project's own
 */
function project(name, config = {}, files = FIXTURES) {
  const folder = folderOf(name);
  const dir = mkdtempSync(path.join(folder, 'project-'));
  putHeapwatchInto(dir);
  cpSync(files, dir, { recursive: true });
  writeFileSync(path.join(dir, 'package.json'), '{ "private": true }\n');
  const jest = { setupFilesAfterEnv: ['heapwatch/jest'], testMatch: ['**/*.test.?(m)[jt]s'], testPathIgnorePatterns: ['/node_modules/'], testTimeout: 90_000, transform: {}, ...config };
  writeFileSync(path.join(dir, 'jest.config.json'), JSON.stringify(jest));
  const vitest = { globals: true, setupFiles: ['heapwatch/vitest'], include: ['**/*.test.{js,mjs}'], testTimeout: 90_000 };
  writeFileSync(path.join(dir, 'vitest.config.mjs'), `export default { test: ${JSON.stringify(vitest)} };\n`);
  return {
    dir,
    /**
     * @param {string[]} args
     * @param {NodeJS.ProcessEnv} [env]
     * @param {{ node?: string, timeoutMs?: number }} [options] node: the binary
     */
    async run(args, env = {}, { node = process.execPath, timeoutMs = 180_000 } = {}) {
      const bin = path.join(folder, 'node_modules', RUNNERS[name].bin);
      const own = name === 'vitest' ? ['run', '--root', dir] : ['--rootDir', dir, '--config', path.join(dir, 'jest.config.json')];
      const result = await run(node, [bin, ...own, ...args], { FORCE_COLOR: '0', CI: '', ...env }, { cwd: dir, timeoutMs });
      // Vitest colours all the same.
      return { ...result, output: stripVTControlCharacters(result.stdout + result.stderr) };
    },
    remove() { rmSync(dir, { recursive: true, force: true }); },
  };
}

module.exports = { project, putHeapwatchInto, versionOf, whyNot };
