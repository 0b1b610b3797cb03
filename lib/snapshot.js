'use strict';

const { throwIfAborted } = require('./abort.js');
const { setTimeout } = require('./clock.js');
const { HeapwatchError } = require('./errors.js');
const { native } = require('./native.js');
const { checkSnapshotOptions } = require('./snapshot-options.js');

/** @typedef {import('./source/source').Binding} Binding */
/** @typedef {import('../index').SnapshotResult} SnapshotResult */
/** @typedef {Omit<SnapshotResult, 'path'> & { result: string }} Done */
/** @typedef {{ code: import('../index').HeapwatchErrorCode, reason: string, text: string }} Failure */

/** Until the fork is made it is waited for at this pace, and for as long as a small heap takes; */
const EAGER_MS = 2;
const EAGER_ROUNDS = 100;

/** then at this one. */
const PATIENT_MS = 20;

/** Between two tellings of progress: a second, once it is patient. */
const PROGRESS_ROUNDS = 50;

/**
 * A heap snapshot of this thread, in a file.
 *
 * @param {import('../index').SnapshotOptions} [options]
 * @param {(bytes: number) => void} [progress] is called while it is written, and once at the beginning
 * @param {boolean} [isAwaited] whoever asks does nothing else until it is there: on a busy machine a copy that comes last takes minutes
 * @returns {Promise<SnapshotResult>}
 */
async function takeSnapshot(options, progress, isAwaited = false) {
  const { order, signal } = checkSnapshotOptions(options);
  throwIfAborted(signal);
  const { binding, reason } = native();
  if (binding === null) throw new HeapwatchError('HEAPWATCH_UNSUPPORTED', `heapwatch: snapshot() needs the native part. ${reason}`, { reason: 'native' });

  const { result: path, bytes, pauseMs, totalMs, mode } = await carryOut(binding, binding.snapshotBegin({ ...order, isAwaited }), signal, progress);
  return { path, bytes, pauseMs, totalMs, mode };
}

/**
 * What was begun, to its end.
 *
 * @param {Binding} binding
 * @param {string} text of its beginning
 * @param {AbortSignal} [signal]
 * @param {(bytes: number) => void} [progress]
 * @returns {Promise<Done>}
 */
async function carryOut(binding, text, signal, progress) {
  const begun = JSON.parse(text);
  if (begun.failure) throw toError(begun.failure);
  const abort = () => binding.snapshotAbort(begun.id);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const { done, failure } = await drive(binding, begun.id, progress);
    if (done) return done;
    if (failure.reason === 'aborted') throwIfAborted(signal);
    throw toError(failure);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/**
 * Lends this thread to the snapshot whenever it wants it. The timers keep the process alive until it is done.
 *
 * @param {Binding} binding
 * @param {number} id
 * @param {(bytes: number) => void} [progress]
 * @returns {Promise<{ done?: Done, failure: Failure }>}
 */
async function drive(binding, id, progress) {
  const prelude = lineEndsFirst();
  let waitMs = EAGER_MS;
  for (let round = 0; ; round += 1) {
    // At first, too: each snapshot then shows the callers of it in one and the same way, suspended, which is half of comparing two.
    await new Promise((resolve) => { setTimeout(resolve, waitMs); });
    const text = binding.snapshotStep(id, prelude);
    const answer = text === '' ? {} : JSON.parse(text);
    if (answer.done || answer.failure) return answer;
    if (round % PROGRESS_ROUNDS === 0) progress?.(binding.snapshotProgress(id));
    waitMs = answer.wanted || round < EAGER_ROUNDS ? EAGER_MS : PATIENT_MS;
  }
}

/**
 * Node 20's V8 counts the lines of a script's source anew for each of its functions, unless a debugger has had them counted before:
 * with `require('typescript')` alone 23 s instead of half a second. Later versions count them by themselves.
 *
 * @returns {(() => void) | undefined}
 */
function lineEndsFirst() {
  if (Number.parseInt(process.versions.v8 ?? '', 10) >= 12) return undefined;
  try {
    const { Session } = require('node:inspector');
    return () => {
      const session = new Session();
      session.connect();
      session.post('Debugger.enable');
      session.post('Debugger.disable');
      session.disconnect();
    };
  } catch {
    return undefined; // a Node that was built without an inspector
  }
}

/** @param {import('../index').SnapshotOptions} [options] */
const snapshot = (options) => takeSnapshot(options);

/** @param {Failure} failure */
function toError({ code, reason, text }) {
  return new HeapwatchError(code, `heapwatch: ${text}`, { reason });
}

module.exports = { snapshot, takeSnapshot, carryOut };
