'use strict';

const { open } = require('./heapwatch.js');

module.exports = { open: () => open({ gcStatistics: false }) };
