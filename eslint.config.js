'use strict';

const js = require('@eslint/js');
const globals = require('globals');

module.exports = [
  // Generated, built, or with rules of their own.
  { ignores: ['native.js', 'target/', 'bench/', 'fuzz/', '.node-majors/'] },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2024, sourceType: 'commonjs', globals: globals.node },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      strict: ['error', 'global'],
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { sourceType: 'module' },
  },
  {
    // What the dashboard's page is made of.
    files: ['lib/dashboard/page/**'],
    languageOptions: { globals: { ...globals.browser, uPlot: 'readonly' } },
  },
  {
    // Functions in it run in a browser.
    files: ['__test__/dashboard.page.test.js'],
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
  },
  {
    // Test files of other runners.
    files: ['__test__/fixtures/runners/**', 'examples/jest/**'],
    languageOptions: { globals: globals.jest },
    rules: { strict: 'off' },
  },
];
