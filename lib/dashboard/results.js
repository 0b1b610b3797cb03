'use strict';

// What of an analysis goes to a page: no path of this machine, and no list longer than somebody reads.

/** Rows of the class table. */
const LIMIT = 100;
const OBJECTS = 30;
const STEPS = 30;
/** A name can be as long as a program likes. */
const TEXT = 300;

/**
 * @param {import('../../index').HeapSummary} summary
 */
function shownSummary({ nodes, edges, totals, classCount, classes, biggest, collections }) {
  return {
    nodes,
    edges,
    totals,
    classCount,
    classes: classes.map(({ name, location, count, shallow, retained, holder, path }) => ({
      name: cut(name), location: location === null ? null : cut(location), count, shallow, retained, holder: cut(holder), path: path.slice(0, STEPS).map(cut),
    })),
    biggest: biggest.slice(0, OBJECTS).map(({ name, shallow, retained, holder, path }) => ({ name: cut(name), shallow, retained, holder: cut(holder), path: path.slice(0, STEPS).map(cut) })),
    collections: collections.slice(0, OBJECTS).map(({ kind, entries, retained, holder }) => ({ kind, entries, retained, holder: cut(holder) })),
  };
}

/** @param {import('../../index').HeapDiff} diff */
function shownDiff({ matchedBy, totals, classes, findings }) {
  return {
    matchedBy,
    totals,
    classes: classes.map(({ name, ...numbers }) => ({ name: cut(name), ...numbers })),
    findings: findings.map(({ sentence, holder, className, countDelta, retainedDelta, path }) => ({
      sentence: cut(sentence), holder: cut(holder), className: cut(className), countDelta, retainedDelta, path: path.slice(0, STEPS).map(cut),
    })),
  };
}

/** @param {string} text */
function cut(text) {
  return text.length > TEXT ? `${text.slice(0, TEXT)}…` : text;
}

module.exports = { LIMIT, shownDiff, shownSummary };
