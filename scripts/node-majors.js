'use strict';
// Installs the supported Node majors, each from npm's package `node`, in a folder of its own under .node-majors:
// inside the root's node_modules that package would put itself into .bin and change which Node the scripts run.
//
//   node scripts/node-majors.js            installs what is missing, prints `major path` lines
//   node scripts/node-majors.js 22 24      only these

const { execFileSync } = require('node:child_process');
const { existsSync, mkdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const SUPPORTED = ['20', '22', '24', '26'];
const ROOT = path.join(__dirname, '..', '.node-majors');

/** @param {string} major @returns {string} the binary's path */
function binary(major) {
  return path.join(ROOT, major, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** @param {string} major */
function install(major) {
  const folder = path.join(ROOT, major);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', `node@${major}`], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
}

/** Every supported major's binary, installed when it is missing. @param {string[]} majors */
function nodeMajors(majors = SUPPORTED) {
  return majors.map((major) => {
    if (!SUPPORTED.includes(major)) {
      throw new Error(`Node ${major} is not supported; the supported majors are ${SUPPORTED.join(', ')}`);
    }
    if (!existsSync(binary(major))) install(major);
    return { major, path: binary(major) };
  });
}

module.exports = { nodeMajors };

if (require.main === module) {
  const wanted = process.argv.slice(2);
  for (const { major, path: node } of nodeMajors(wanted.length > 0 ? wanted : SUPPORTED)) {
    console.log(`${major} ${node}`);
  }
}
