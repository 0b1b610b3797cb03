'use strict';

const { unixNow } = require('../clock.js');
const { thresholdChannel } = require('../shared.js');
const { formatBytes, formatMs, formatPercent, formatRate } = require('../terminal/units.js');

/** @typedef {import('../../index').Growth} Growth */
/** @typedef {{ timeMs: number, kind: 'threshold' | 'verdict' | 'snapshot' | 'gc', text: string }} Entry */

/** As many as somebody scrolls through. */
const KEPT = 30;

/** @type {Record<string, [name: string, format: (value: number) => string]>} */
const LIMITS = {
  maxHeapUsedBytes: ['heap used', formatBytes],
  maxUsedRatio: ['memory', (ratio) => `${formatPercent(ratio)} of its limit`],
  maxRssBytes: ['RSS', formatBytes],
  maxExternalBytes: ['external memory', formatBytes],
  maxGcPauseMs: ['a GC pause of', formatMs],
  maxGcTimeRatio: ['GC share', formatPercent],
  maxGrowthBytesPerSecond: ['growth of at least', formatRate],
};

/**
 * What happened, newest last. It listens to thresholds all along, since that costs nothing until one is crossed. It does not listen to
 * `leak` and `snapshot`: those are told once, and the application itself may be about to listen.
 */
class Events {
  /** @type {Entry[]} */
  #entries = [];
  /** When the verdict changed that was told last. */
  #changedMs = 0;
  /** Grows with each entry. */
  revision = 0;
  /** @param {unknown} message */
  #onThreshold = (message) => this.add('threshold', crossing(/** @type {import('../../index').ThresholdEvent} */ (message)), /** @type {any} */ (message).timeMs);

  constructor() {
    thresholdChannel.subscribe(this.#onThreshold);
  }

  /**
   * @param {Entry['kind']} kind
   * @param {string} text
   * @param {number} [timeMs]
   */
  add(kind, text, timeMs = unixNow()) {
    // A verdict may be told long after its time.
    const at = this.#entries.findLastIndex((entry) => entry.timeMs <= timeMs) + 1;
    this.#entries.splice(at, 0, { timeMs, kind, text });
    if (this.#entries.length > KEPT) this.#entries.shift();
    this.revision += 1;
  }

  /** The verdicts that are new since this was last asked; why it is so now is known of the last one. @param {Growth} growth */
  see({ changes, verdict, place, reason }) {
    for (const change of changes) {
      if (change.timeMs <= this.#changedMs) continue;
      const isNow = change === changes.at(-1) && change.verdict === verdict;
      this.add('verdict', isNow ? `${verdict}${place === null ? '' : ` (${place})`}: ${reason}` : change.verdict, change.timeMs);
      this.#changedMs = change.timeMs;
    }
  }

  /** Oldest first. */
  all() {
    return this.#entries.slice();
  }

  close() {
    thresholdChannel.unsubscribe(this.#onThreshold);
  }
}

/** @param {import('../../index').ThresholdEvent} event */
function crossing({ values, rule }) {
  const parts = Object.entries(values).map(([name, value]) => {
    const [title, format] = LIMITS[name] ?? [name, String];
    return `${title} ${format(/** @type {number} */ (value))}`;
  });
  const actions = rule.action?.length ? ` (${rule.action.join(', ')})` : '';
  return `${parts.join(', ')}: over the limit${actions}`;
}

module.exports = { Events };
