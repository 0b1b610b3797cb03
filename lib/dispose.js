'use strict';

/** A well-known symbol that Node 20 got on the way. Compilers of `using` fall back to this registered one. */
const DISPOSE = Symbol.dispose ?? Symbol.for('Symbol.dispose');

module.exports = { DISPOSE };
