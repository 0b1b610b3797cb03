'use strict';

/**
 * Who takes every GC of this thread once, from whichever watcher runs in it, besides the listeners of its events: exporters that add up.
 *
 * @type {Set<(pauses: import('../index').Pause[], lost: number) => void>} lost: overwritten before they were handed out
 */
const pauseTakers = new Set();

module.exports = { pauseTakers };
