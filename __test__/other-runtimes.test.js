'use strict';

// Bun and Deno run heapwatch in degraded mode, with a reason. HEAPWATCH_BUN and HEAPWATCH_DENO name their
// binaries; where they do not, the tests are skipped, but not in CI.

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('node:test');

const { run, lastJson } = require('./run.js');

const FIXTURE = path.join(__dirname, 'fixtures', 'other-runtime.cjs');

const RUNTIMES = [
  { name: 'Bun', variable: 'HEAPWATCH_BUN', args: [FIXTURE], reason: /^Bun exports V8's GC hooks but never calls them/ },
  { name: 'Deno', variable: 'HEAPWATCH_DENO', args: ['run', '--allow-all', FIXTURE], reason: /^This runtime does not export V8's / },
  {
    name: 'Deno without --allow-ffi',
    variable: 'HEAPWATCH_DENO',
    args: ['run', '--allow-read', '--allow-env', '--allow-sys', FIXTURE],
    reason: /^Deno forbids native addons unless started with --allow-ffi/,
  },
];

for (const { name, variable, args, reason } of RUNTIMES) {
  const binary = process.env[variable];
  const skip = binary === undefined && !process.env.CI ? `${variable} names no binary` : false;

  test(`${name} gets the degraded mode, and is told why`, { skip }, async () => {
    assert.ok(binary, `${variable} must name the binary`);
    const result = await run(binary, args);
    assert.equal(result.code, 0, result.stderr);
    const found = lastJson(result);
    assert.equal(found.support.native, false);
    assert.match(found.support.reason, reason);
    assert.equal(found.source, 'perf_hooks');
    assert.ok(found.rss > 0 && found.heapUsed > 0);
    assert.ok(found.samples > 0, 'sample events come');
    assert.equal(found.gcs, 0);
    assert.equal(found.gcError, 'HEAPWATCH_UNSUPPORTED');
    assert.match(result.stderr, /HEAPWATCH_DEGRADED/);
    assert.match(result.stderr, /GCs are not counted/);
  });
}
