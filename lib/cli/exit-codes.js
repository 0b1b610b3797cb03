'use strict';

/** Exit codes of every command. */
module.exports = Object.freeze({
  GOOD: 0,
  FINDING: 1,
  /** Wrong usage, or what was asked for could not be done. */
  USAGE: 2,
});
