'use strict';

// Test files for `jest --detectLeaks`, one a program, in the folder given: it looks at what a whole test file leaves.

const { writeFileSync } = require('node:fs');
const path = require('node:path');

/** @param {string} dir @param {{ name: string }[]} programs */
function writeTests(dir, programs) {
  return programs.map(({ name }, at) => {
    const file = path.join(dir, `program-${at}.test.js`);
    writeFileSync(file, `const programs = [...require('./assertions/leaks.js'), ...require('./assertions/cleans.js')];
test(${JSON.stringify(name)}, async () => {
  const fn = programs.find(({ name }) => name === ${JSON.stringify(name)}).start();
  for (let call = 0; call < 100; call += 1) await fn();
});
`);
    return { name, file };
  });
}

module.exports = { writeTests };
