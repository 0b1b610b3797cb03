'use strict';

// Which limit is near? Three programs take memory until it kills them, each by another limit; the rule must
// have fired before, and named the limit that did it. Where cgroups cannot be made at all, the same is
// tested on made-up files by src/os/memory.rs and src/report.rs.

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('node:test');

const { isWritable, runInCgroup } = require('./cgroup.js');
const { MODES, lastJson, run } = require('./run.js');

const PROGRAM = path.join(__dirname, 'fixtures', 'grows-to-death.js');
const MB = 1024 * 1024;

/** @param {{ node: string[], what: string, containerMb: number | null }} options */
async function growToDeath({ node, what, containerMb }) {
  const args = [...node, PROGRAM, what];
  const result = containerMb === null ? await run(process.execPath, args) : await runInCgroup(containerMb, process.execPath, args);
  return { ...result, crossing: lastJson(result) };
}

for (const { source, node } of MODES) {
  const smallHeap = async (containerMb) => {
    const { crossing, signal, stderr } = await growToDeath({ node: [...node, '--max-old-space-size=80'], what: 'heap', containerMb });
    assert.equal(crossing.source, source);
    assert.equal(signal, 'SIGABRT', stderr);
    assert.match(stderr, /heap out of memory/);
    assert.ok(crossing.values.maxUsedRatio > 0.7 && crossing.values.maxUsedRatio < 1);
    assert.equal(crossing.memoryLimit, crossing.heapLimit);
    assert.equal(crossing.usedRatio, crossing.heapUsedRatio);
    return crossing;
  };

  test(`V8's limit kills first: the rule fires before, by the old generation's ratio (${source})`, () => smallHeap(null));

  const needsCgroup = { skip: isWritable() ? false : 'no cgroup can be made here' };

  test(`V8's limit kills first inside a container with room (${source})`, needsCgroup, async () => {
    const { containerLimit, containerUsedRatio } = await smallHeap(1000);
    assert.equal(containerLimit, 1000 * MB);
    assert.ok(containerUsedRatio > 0 && containerUsedRatio < 0.3);
  });

  for (const { what, meaning } of [{ what: 'heap', meaning: 'heap' }, { what: 'buffers', meaning: 'Buffers, which never fill the heap' }]) {
    test(`the container's limit kills first, filled with ${meaning}: the rule fires before (${source})`, needsCgroup, async () => {
      const { crossing, signal, stderr } = await growToDeath({ node: [...node, '--max-old-space-size=4000'], what, containerMb: 250 });
      assert.equal(crossing.source, source);
      assert.equal(signal, 'SIGKILL', stderr);
      assert.ok(crossing.values.maxUsedRatio > 0.7 && crossing.values.maxUsedRatio < 1);
      assert.equal(crossing.containerLimit, 250 * MB);
      assert.equal(crossing.memoryLimit, crossing.containerLimit);
      assert.equal(crossing.usedRatio, crossing.containerUsedRatio);
      assert.ok(crossing.heapUsedRatio < 0.1);
      const [filled, other] = what === 'heap' ? [crossing.heapUsed, crossing.external] : [crossing.external, crossing.heapUsed];
      assert.ok(filled > 90 * MB && other < 30 * MB, `${filled} and ${other}`);
    });
  }
}
