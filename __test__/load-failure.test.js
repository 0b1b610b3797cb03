'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { explainLoadFailure } = require('../lib/load-failure.js');

const LINUX = { platform: 'linux', arch: 'x64', versions: process.versions };

/**
 * As the generated loader throws it: its own error, and one cause a candidate.
 *
 * @param {string[]} messages
 */
function failure(...messages) {
  const cause = messages.reduce((previous, message) => Object.assign(new Error(message), { cause: previous }), null);
  return Object.assign(new Error('Cannot find native binding. npm has a bug related to optional dependencies.'), { cause });
}

const MISSING = "Cannot find module './heapwatch.linux-x64-gnu.node'\nRequire stack:\n- /app/native.js";

const CASES = [
  ['no binary was installed', failure(MISSING, "Cannot find module 'heapwatch-linux-x64-gnu'"), {}, /for linux-x64 is not installed.*npm install without --omit=optional/],
  ['native.js itself is missing', Object.assign(new Error("Cannot find module '../native.js'"), { code: 'MODULE_NOT_FOUND' }), {}, /not installed/],
  ['--no-addons', failure('Cannot load native addon because loading addons is disabled.'), {}, /--no-addons.*Start it without/],
  ['--permission', failure('Cannot load native addon because loading addons is disabled.', MISSING), { permission: {} }, /permission model forbids native addons.*--allow-addons/],
  ['--permission without reading', failure('Access to this API has been restricted. Use --allow-fs-read to manage permissions.'), { permission: {} }, /forbids reading.*--allow-fs-read/],
  ['Deno without --allow-ffi', failure('Requires ffi access to "/app/heapwatch.linux-x64-gnu.node", run again with the --allow-ffi flag'), { versions: { deno: '2.9.6' } }, /Deno.*--allow-ffi/],
  ['a platform without a binary', failure('Unsupported OS: sunos, architecture: x64'), { platform: 'sunos' }, /no native addon for sunos-x64/],
  ['an architecture without a binary', failure('Unsupported architecture on Linux: mips'), { arch: 'mips' }, /no native addon for linux-mips/],
  ['an old glibc', failure("/lib/libc.so.6: version `GLIBC_2.34' not found (required by /app/heapwatch.linux-x64-gnu.node)"), {}, /C library is older.*newer base image/],
  ['a binary for another C library', failure('Error relocating /app/x.node: __res_init: symbol not found', MISSING), {}, /does not fit this system, linux-x64.*npm ci here/],
  ['musl, where glibc is asked for', failure('Error loading shared library ld-linux-x86-64.so.2: No such file or directory'), {}, /musl, glibc.*npm ci here/],
  ['a binary of another architecture', failure('/app/x.node: invalid ELF header'), {}, /does not fit.*invalid ELF header.*npm ci here/],
  ['anything else', new Error('disk on fire\nat line 2'), {}, /could not be loaded \(disk on fire\)/],
  ['something that is no error', 'odd', {}, /could not be loaded \(odd\)/],
];

for (const [name, error, runtime, reason] of CASES) {
  test(`${name}: named, with what to do`, () => {
    assert.match(explainLoadFailure(error, { ...LINUX, ...runtime }), reason);
  });
}

test('a circle of causes ends', () => {
  const error = new Error('Cannot find native binding');
  error.cause = error;
  assert.match(explainLoadFailure(error, LINUX), /not installed/);
});
