'use strict';

/** The command line is wrong: exit 2, with a message that says what to change. */
class UsageError extends Error {}

module.exports = { UsageError };
