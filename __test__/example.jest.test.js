'use strict';

// examples/jest as a user would have it: installed from the tarballs that are published, with Jest from the registry.

const assert = require('node:assert/strict');
const { readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');

const { installedExample } = require('./packed.js');
const { run } = require('./run.js');

describe('examples/jest, from the packed tarballs', () => {
  /** @type {Awaited<ReturnType<typeof installedExample>>} */
  let example;
  before(async () => { example = await installedExample('jest'); });
  after(() => example?.remove());

  /** @param {string[]} args */
  async function jest(...args) {
    const bin = path.join(example.dir, 'node_modules', 'jest', 'bin', 'jest.js');
    const { code, stdout, stderr } = await run(process.execPath, [bin, '--ci', ...args], { FORCE_COLOR: '0' }, { cwd: example.dir, timeoutMs: 300_000 });
    return { code, output: stdout + stderr };
  }

  test('its tests pass, its baseline has this Node, and its table has each file', async () => {
    const { code, output } = await jest();
    assert.equal(code, 0, output);
    assert.match(output, /Tests: +5 passed, 5 total/);
    assert.match(output, /^app\.test\.js +/m);
    assert.match(output, /^orders\.test\.js +/m);
  });

  test('the regression that docs/testing.md tells of is caught, and its message names who leaks', async () => {
    const file = path.join(example.dir, 'app.js');
    const clean = readFileSync(file, 'utf8');
    const leaky = clean.replace('const app = express();\n', `const app = express();
  const recentRequests = [];
  app.use((req, _res, next) => {
    recentRequests.push(req);
    next();
  });
`);
    assert.notEqual(leaky, clean);
    writeFileSync(file, leaky);
    try {
      const { code, output } = await jest('app.test.js', '-t', 'leaves nothing behind');
      assert.equal(code, 1, output);
      assert.match(output, /order\(\) retains [\d,]+ B per call/);
      assert.match(output, /\+1\.00 per call {2}IncomingMessage .*recentRequests/);
      if (process.env.HEAPWATCH_PRINT) console.log(output);
    } finally {
      writeFileSync(file, clean);
    }
  });
});
