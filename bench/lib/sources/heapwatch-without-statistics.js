'use strict';

const { open } = require('./heapwatch');

module.exports = { open: () => open({ gcStatistics: false }) };
