'use strict';

/** Under this, what makes metrics of a requestTiming(): also by another copy of this package. */
const FAMILIES = Symbol.for('heapwatch.requestFamilies');

module.exports = { FAMILIES };
