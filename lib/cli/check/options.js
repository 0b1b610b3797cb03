'use strict';

const { parseArgs } = require('node:util');

const { messageOf } = require('../../errors.js');
const { duration, rate, ratio, size, whole } = require('../quantities.js');
const { UsageError } = require('../usage-error.js');

/**
 * @typedef {object} CheckOptions
 * @property {string[]} command
 * @property {import('../../leak-options').LeakOptions} leak
 * @property {import('../../../index').Threshold[]} rules one for each limit of the command line
 * @property {number | null} forMs end the program after this time
 * @property {boolean} json
 */

/**
 * What is watched for 15 min in production is looked at for a minute or two in a check: the floor of a test run settles within
 * seconds. What varies more slowly than this looks like a leak, or makes the verdict inconclusive.
 */
const DEFAULT_MIN_SPAN = '30s';
/** A verdict takes so many of them: one to look, three in which growth must go on. */
const VERDICT_SPANS = 4;
const DEFAULT_MIN_MAJORS = '6';
/** Pauses harm nobody in a check, and without major GCs there is no verdict. */
const DEFAULT_ASSIST = '1s';
const ASSIST_MAX_PAUSE_MS = 1000;

/** Options that make a rule: the field of the rule, and how its value is read. @type {Record<string, { field: keyof import('../../source/source').Limits, read: (text: string, option: string) => number }>} */
const RULES = {
  'max-rss': { field: 'maxRssBytes', read: size },
  'max-heap-used': { field: 'maxHeapUsedBytes', read: size },
  'max-external': { field: 'maxExternalBytes', read: size },
  'max-used-ratio': { field: 'maxUsedRatio', read: ratio },
  'max-gc-pause': { field: 'maxGcPauseMs', read: duration },
  'max-gc-time-ratio': { field: 'maxGcTimeRatio', read: ratio },
  'max-growth': { field: 'maxGrowthBytesPerSecond', read: rate },
};

const USAGE = `usage: heapwatch check [options] -- <command> [arguments]

Runs a program under a watcher, without a change to it, and exits with 1 when its memory grows without end or a
limit was crossed. Node processes and worker threads that the program starts are watched too; without a leak
in any of them the verdict is that of the largest heap.

  --min-span <time>       no verdict before a process is this old (default ${DEFAULT_MIN_SPAN}); growth that is suspected must then go on
                          for three times as long. With --for the default is a fifth of that, at most ${DEFAULT_MIN_SPAN}.
                          What varies more slowly than this looks like a leak
  --min-majors <count>    no verdict before this many major GCs (default ${DEFAULT_MIN_MAJORS})
  --assist <time>         ask V8 for a major GC when there was none for this long (default ${DEFAULT_ASSIST})
  --no-assist             wait for the major GCs that V8 makes by itself
  --for <time>            end the program (SIGTERM) after this time: for servers, which end by no other way

  --max-rss <size>            resident set size of a process, such as 512MB
  --max-heap-used <size>      used heap of a thread, garbage included
  --max-external <size>       Buffers and ArrayBuffers of a thread
  --max-used-ratio <ratio>    of V8's or the container's limit, whichever is nearer, such as 0.9 or 90%
  --max-gc-pause <time>       a single GC pause, such as 200ms
  --max-gc-time-ratio <ratio> share of 10 s in GC
  --max-growth <size>         growth a second that is sure, such as 100KB

  --json                  the findings as JSON on stdout; what the program prints there goes to stderr

Exit codes: 1 a leak or a crossed limit; 2 wrong usage, or the command could not be run or watched; otherwise the program's own,
which is 0 for a clean or inconclusive verdict. A program that a signal ended counts as 128 + its number.`;

/**
 * @param {string[]} args
 * @returns {CheckOptions}
 */
function parseCheckOptions(args) {
  const end = args.indexOf('--');
  const command = end === -1 ? [] : args.slice(end + 1);
  const values = parse(end === -1 ? args : args.slice(0, end));
  if (command.length === 0) throw new UsageError('which command? It stands after --, as in: heapwatch check -- node app.js');
  if (values['no-assist'] && values.assist !== undefined) throw new UsageError('--assist and --no-assist exclude each other.');
  const forMs = values.for === undefined ? null : duration(values.for, '--for');
  const minSpanMs = values['min-span'] === undefined && forMs !== null
    ? Math.min(duration(DEFAULT_MIN_SPAN, '--min-span'), Math.floor(forMs / (VERDICT_SPANS + 1)))
    : duration(values['min-span'] ?? DEFAULT_MIN_SPAN, '--min-span');
  if (forMs !== null && forMs < VERDICT_SPANS * minSpanMs) {
    throw new UsageError(`--for ${values.for} is too short for --min-span ${values['min-span']}: a verdict takes ${VERDICT_SPANS} times that. Make one longer or the other shorter.`);
  }
  const everyMs = duration(values.assist ?? DEFAULT_ASSIST, '--assist');
  return {
    command,
    leak: {
      minSpanMs,
      minMajors: whole(values['min-majors'] ?? DEFAULT_MIN_MAJORS, '--min-majors'),
      assist: values['no-assist'] ? false : { everyMs, maxPauseMs: ASSIST_MAX_PAUSE_MS },
    },
    rules: Object.entries(RULES).flatMap(([name, { field, read }]) => {
      const text = /** @type {Record<string, any>} */ (values)[name];
      return text === undefined ? [] : [{ [field]: read(text, `--${name}`) }];
    }),
    forMs,
    json: values.json ?? false,
  };
}

/** @param {string[]} args */
function parse(args) {
  const text = { type: /** @type {const} */ ('string') };
  const flag = { type: /** @type {const} */ ('boolean') };
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        'min-span': text, 'min-majors': text, assist: text, 'no-assist': flag, for: text, json: flag,
        ...Object.fromEntries(Object.keys(RULES).map((name) => [name, text])),
      },
    });
    if (positionals.length > 0) throw new UsageError(`${JSON.stringify(positionals[0])} is no option. The command stands after --, as in: heapwatch check -- ${positionals.join(' ')}`);
    return values;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // Node explains at length how a positional could begin with a dash, which is not what was meant here.
    throw new UsageError(messageOf(error).split('. To specify')[0]);
  }
}

module.exports = { parseCheckOptions, USAGE, RULES };
