'use strict';

/**
 * Fills the young generation with objects that die at once: minor GCs and nothing else.
 *
 * @param {number} bytes  about
 */
function allocateShortLived(bytes) {
  let last;
  for (let allocated = 0; allocated < bytes; allocated += 1040) last = new Array(128);
  return last;
}

/** Objects that live for a while and then die together: promotion, incremental marking, major GCs. */
class LongLived {
  /** @param {number} limit  in objects, about 100 bytes each */
  constructor(limit) {
    this.limit = limit;
    /** @type {object[]} */
    this.kept = [];
  }

  /** @param {number} objects */
  grow(objects) {
    for (let i = 0; i < objects; i++) this.kept.push({ i, name: `object ${i}`, parts: [i, i + 1] });
    if (this.kept.length > this.limit) this.kept = [];
  }
}

module.exports = { allocateShortLived, LongLived };
