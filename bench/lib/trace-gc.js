'use strict';

/**
 * One line of V8's --trace-gc. What the majors print (11.3, 12.4, 13.6, 14.6):
 *
 *     [4765:0x2cb38910]      341 ms: Mark-Compact (reduce) 30.4 (33.4) -> 27.4 (30.4) MB, 7.79 / 0.01 ms  (+ 7.1 ms in 90 steps …
 *     [4797:0x2df25000]       17 ms: Scavenge (interleaved) 3.7 (6.5) -> 3.7 (6.5) MB, pooled: 0 MB, 0.08 / 0.00 ms  (average …
 *     [4813:0xb722000]      208 ms: Incremental Mark-Compact 32.4 (34.1) -> 25.0 (29.3) MB, pooled: 34.8 MB, 7.93 / 0.00 ms (+ …
 *
 * The first of the two times is the pause as V8 sees it, without the GC callbacks of embedder and addons; the second is
 * what such callbacks took inside it.
 */
const LINE = /^\[\d+:(0x[0-9a-f]+)\] +(\d+) ms: (.+?) [\d.]+ \([\d.]+\) -> .*? MB, ([\d.]+) \/ ([\d.]+) ms/;

/**
 * @typedef {object} TracedGc
 * @property {'minor' | 'major'} kind
 * @property {string} name        as printed, e.g. `Scavenge (interleaved)`
 * @property {number} pauseMs
 * @property {number} externalMs
 */

/**
 * @param {string} output  what the process wrote to stdout
 * @returns {TracedGc[]} in the order they happened
 */
function parseTraceGc(output) {
  const collections = [];
  for (const line of output.split('\n')) {
    const match = LINE.exec(line);
    if (match) collections.push({ kind: kindOf(match[3]), name: match[3], pauseMs: Number(match[4]), externalMs: Number(match[5]) });
    else if (/ ms: .*(Scavenge|Mark-)/.test(line)) throw new Error(`a line of --trace-gc in a form not known here: ${line}`);
  }
  return collections;
}

/**
 * @param {string} name
 * @returns {'minor' | 'major'}
 */
function kindOf(name) {
  if (/^(Scavenge|(Incremental )?Minor Mark-(Compact|Sweep))\b/.test(name)) return 'minor';
  if (/^(Incremental )?Mark-Compact\b/.test(name)) return 'major';
  throw new Error(`--trace-gc names a collection not known here: ${name}`);
}

module.exports = { parseTraceGc };
