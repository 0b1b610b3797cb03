'use strict';

// A horizontal bar in eighths of a column.

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const FULL = '█';
const TRACK = '░';

/**
 * @param {number} ratio of the whole width; what is outside 0..1 is drawn as the nearest of the two
 * @param {number} width in columns
 * @param {{ track?: boolean }} [options] track: show the empty part too, where the whole means something (a limit)
 * @returns {string} exactly `width` columns with a track, at most `width` without
 */
function bar(ratio, width, { track = false } = {}) {
  const clean = Number.isFinite(ratio) ? Math.min(Math.max(ratio, 0), 1) : 0;
  const eighths = Math.round(clean * width * 8);
  // Something is never drawn as nothing.
  const drawn = clean > 0 ? Math.max(eighths, 1) : 0;
  const solid = FULL.repeat(Math.floor(drawn / 8)) + EIGHTHS[drawn % 8];
  return track ? solid + TRACK.repeat(Math.max(0, width - solid.length)) : solid;
}

module.exports = { bar };
