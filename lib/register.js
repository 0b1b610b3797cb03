'use strict';

// node --require heapwatch/register app.js
//
// Starts the watcher before the program's first line, in its workers too (they inherit the option).
// The program itself may call start() again, and gets this one.

const { start } = require('../index.js');
const { isDisabled } = require('./options.js');

if (!isDisabled()) start();
