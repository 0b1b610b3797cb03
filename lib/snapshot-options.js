'use strict';

const os = require('node:os');
const path = require('node:path');
const { threadId } = require('node:worker_threads');

const { abortSignal, bytes, checkFields, flag, headroom, matching, place, span, spanAboveZero, whole } = require('./check.js');
const { HeapwatchError, invalidOption } = require('./errors.js');

/** @typedef {import('./source/source').SnapshotOrder} SnapshotOrder */

/** As many as somebody compares; each takes about as much room as the heap. */
const DEFAULT_MAX_FILES = 10;

/** A heap of 1 GB takes a minute. What takes longer than this is not waited for. */
const DEFAULT_TIMEOUT_MS = 600_000;

const FIELDS = {
  mode: matching((value) => ['auto', 'fork', 'inline'].includes(/** @type {any} */ (value)), "'auto', 'fork' or 'inline'"),
  allowInline: flag,
  path: place,
  dir: place,
  maxFiles: whole(1, 1_000_000),
  maxBytes: bytes,
  cooldownMs: span,
  timeoutMs: spanAboveZero,
  headroom,
  signal: abortSignal,
};

/**
 * @param {unknown} given
 * @returns {{ order: SnapshotOrder, signal: AbortSignal | undefined }}
 */
function checkSnapshotOptions(given) {
  const options = given === undefined ? {} : checkFields(given, FIELDS, { example: "{ dir: '/var/tmp' }" });
  const { mode = 'auto', allowInline = false, maxFiles = DEFAULT_MAX_FILES, maxBytes, cooldownMs = 0, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
  if (options.path !== undefined && options.dir !== undefined) throw invalidOption('dir', options.dir, 'left out where path is given');
  return {
    order: {
      ...target(options),
      inline: mode === 'inline',
      allowInline: mode === 'auto' && allowInline,
      maxFiles,
      maxBytes,
      cooldownMs,
      timeoutMs,
      headroomBytes: options.headroom,
      threadId,
    },
    signal,
  };
}

/**
 * Where it goes, and that Node's permission model allows it, which native code is not held to.
 *
 * @param {{ path?: string, dir?: string }} options
 * @returns {Pick<SnapshotOrder, 'path' | 'folder' | 'folderOwner'>}
 */
function target(options) {
  const file = options.path === undefined ? undefined : path.resolve(options.path);
  const folder = file === undefined ? snapshotFolder(options.dir) : undefined;
  const permission = /** @type {{ has(scope: string, reference?: string): boolean } | undefined} */ (/** @type {any} */ (process).permission);
  const where = /** @type {string} */ (file ?? folder?.folder);
  if (permission !== undefined && !permission.has('fs.write', file ?? path.join(where, 'heapwatch-1.heapsnapshot'))) {
    throw new HeapwatchError(
      'HEAPWATCH_SNAPSHOT_FAILED',
      `heapwatch: Node's permission model forbids writing to ${where}. Add --allow-fs-write=${file === undefined ? path.join(where, '*') : where} to the node command.`,
      { reason: 'permission' },
    );
  }
  return file === undefined ? /** @type {{ folder: string }} */ (folder) : { path: file };
}

/**
 * @param {string} [dir]
 * @returns {{ folder: string, folderOwner?: number }}
 */
function snapshotFolder(dir) {
  const named = dir ?? process.env.HEAPWATCH_DIR;
  if (named) return { folder: path.resolve(named) };
  // In a place that everybody writes to, somebody else may have made a folder of that name: it must be ours.
  const user = process.geteuid?.();
  return { folder: path.join(os.tmpdir(), user === undefined ? 'heapwatch' : `heapwatch-${user}`), folderOwner: user };
}

/**
 * Where snapshots go that nobody waits for.
 *
 * @param {string} [dir]
 */
function snapshotTarget(dir) {
  const { folder, folderOwner } = /** @type {{ folder: string, folderOwner?: number }} */ (target({ dir }));
  return { folder, folderOwner, maxFiles: DEFAULT_MAX_FILES, threadId };
}

module.exports = { DEFAULT_TIMEOUT_MS, checkSnapshotOptions, snapshotFolder, snapshotTarget };
