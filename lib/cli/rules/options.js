'use strict';

const { parseArgs } = require('node:util');

const { messageOf } = require('../../errors.js');
const { duration, ratio } = require('../quantities.js');
const { UsageError } = require('../usage-error.js');

/**
 * @typedef {object} RuleOptions
 * @property {number | null} forMs how long each must hold; null: each has its own
 * @property {number} limitWithinMs
 * @property {number} gcShare
 * @property {number} droppedOverMs
 * @property {string} prefix
 * @property {string} select matchers, as between braces in PromQL
 * @property {string} severity
 * @property {boolean} recording
 */

const USAGE = `usage: heapwatch rules [options] > heapwatch.rules.yml

Prints alert rules for Prometheus over the metrics that heapwatch serves, as YAML for rule_files:

  HeapwatchMemoryLeak     what stays after major GCs grows without end (the verdict is leak)
  HeapwatchLimitNear      memory hits its limit within 6 hours, if it goes on growing as it does
  HeapwatchGcShare        garbage collection takes more than a quarter of the time
  HeapwatchDroppedEvents  GCs came too fast to be recorded: the numbers lack them

  --for <time>            how long a state must hold before its alert fires (default 5m, 15m for HeapwatchLimitNear)
  --limit-within <time>   how near the limit may be (default 6h)
  --gc-share <ratio>      of the last minute (default 25%)
  --dropped-over <time>   look back so far for dropped GCs (default 15m)
  --prefix <text>         what metrics({ prefix }) puts before every name
  --select <matchers>     only series that match, such as 'job="shop",env="live"'
  --severity <text>       the label severity of all (default warning)
  --recording             also recording rules that add processes up by job, for fleets (docs/fleet.md)

Check the result with: promtool check rules heapwatch.rules.yml`;

/**
 * @param {string[]} args
 * @returns {RuleOptions}
 */
function parseRuleOptions(args) {
  const text = { type: /** @type {const} */ ('string') };
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: { for: text, 'limit-within': text, 'gc-share': text, 'dropped-over': text, prefix: text, select: text, severity: text, recording: { type: 'boolean' } },
    }));
  } catch (error) {
    throw new UsageError(messageOf(error).split('. To specify')[0]);
  }
  const { prefix = '', select = '', severity = 'warning' } = values;
  if (!/^([a-zA-Z_:][a-zA-Z0-9_:]*)?$/.test(prefix)) throw new UsageError(`--prefix is ${JSON.stringify(prefix)}. It must be a text that a metric's name may begin with, such as shop_.`);
  if (!/^(\w+\s*(=|!=|=~|!~)\s*"([^"\\]|\\.)*"\s*(,\s*|$))*$/.test(select)) throw new UsageError(`--select is ${JSON.stringify(select)}. It must be matchers as between braces in PromQL, such as job="shop",env="live".`);
  return {
    forMs: values.for === undefined ? null : duration(values.for, '--for'),
    limitWithinMs: duration(values['limit-within'] ?? '6h', '--limit-within'),
    gcShare: ratio(values['gc-share'] ?? '25%', '--gc-share'),
    droppedOverMs: duration(values['dropped-over'] ?? '15m', '--dropped-over'),
    prefix,
    select: select.trim().replace(/,$/, ''),
    severity,
    recording: values.recording ?? false,
  };
}

module.exports = { parseRuleOptions, USAGE };
