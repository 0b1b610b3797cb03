'use strict';

const { look } = require('./pending-snapshots.js');

/** @typedef {import('../index').PendingSnapshot} PendingSnapshot */

/** Tells what earlier processes left in a folder, each once. One of them may be dead and its copy still writing: then it is waited for. */
class LeftBehind {
  /** @type {string | null} null: there is nothing (more) to look for */
  #folder = null;
  /** @type {Set<string>} */
  #told = new Set();

  /** @param {string} folder */
  lookIn(folder) {
    this.#folder = folder;
  }

  /** What was not told yet. Reads the folder. */
  take() {
    if (this.#folder === null) return [];
    const { complete, isWriting } = look(this.#folder);
    if (!isWriting) this.#folder = null;
    const untold = complete.filter(({ path }) => !this.#told.has(path));
    for (const { path } of untold) this.#told.add(path);
    return untold;
  }
}

module.exports = { LeftBehind };
