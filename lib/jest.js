'use strict';

// For Jest's setupFilesAfterEnv. Jest answers '@jest/globals' itself, also with injectGlobals: false.

// @ts-ignore: there inside Jest alone
const { afterEach, expect } = require('@jest/globals');

const { install } = require('./matchers/install.js');

install({ expect, afterEach });
