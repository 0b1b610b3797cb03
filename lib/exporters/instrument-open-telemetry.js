'use strict';

const { checkFields, matching } = require('../check.js');
const { call } = require('../deliver.js');
const { DISPOSE } = require('../dispose.js');
const { invalidOption } = require('../errors.js');
const { pauseTakers } = require('../pause-takers.js');
const { demand, find } = require('../running.js');
const { FAMILIES, SPACES, attributesOf, gcType } = require('./open-telemetry-names.js');

/** @typedef {import('../../index').OpenTelemetryMeter} Meter */

/** From 100 µs to 10 s, in seconds, the same as in metrics(). The conventions' own begin at 10 ms, where most pauses have long ended. */
const BOUNDARIES = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 5, 10];

const FIELDS = {
  gcDurationBoundaries: matching(
    (value) => Array.isArray(value) && value.every((bound, at) => Number.isFinite(bound) && bound > (at === 0 ? 0 : value[at - 1])),
    'a list of seconds above 0 that rise, such as [0.001, 0.01, 0.1]',
  ),
};

const METHODS = /** @type {const} */ (['createHistogram', 'createObservableCounter', 'createObservableUpDownCounter', 'createObservableGauge', 'addBatchObservableCallback', 'removeBatchObservableCallback']);

/** A GC would be recorded once for each time. @type {WeakSet<Meter>} */
const instrumented = new WeakSet();

/**
 * Adds heapwatch's metrics to a meter of OpenTelemetry. Each GC is recorded once, with how long it took; the rest is asked of the running watcher at each collection.
 *
 * @param {Meter} meter
 * @param {import('../../index').InstrumentOpenTelemetryOptions} [options]
 */
function instrumentOpenTelemetry(meter, options = {}) {
  if (METHODS.some((method) => typeof meter?.[method] !== 'function')) throw invalidOption('meter', meter, "a Meter of @opentelemetry/api, as metrics.getMeter('heapwatch') returns it");
  if (instrumented.has(meter)) throw invalidOption('meter', meter, 'one that heapwatch does not record to already: dispose of the first subscription, or take a meter of another name');
  const { gcDurationBoundaries = BOUNDARIES } = checkFields(options, FIELDS, { example: '{ gcDurationBoundaries: [0.001, 0.01, 0.1] }' });
  const watcher = demand('instrumentOpenTelemetry');

  const duration = meter.createHistogram('v8js.gc.duration', { unit: 's', description: 'Garbage collection duration.', advice: { explicitBucketBoundaries: gcDurationBoundaries } });
  const spaces = SPACES.map(([field, name, description]) => ({ field, instrument: meter.createObservableUpDownCounter(name, { unit: 'By', description }) }));
  const described = new Map(watcher.metricFamilies({ promClient: false, prefix: '' }).map(({ name, help }) => [name, help]));
  const families = new Map(FAMILIES.map(([sample, name, kind, unit]) => {
    const description = described.get(`heapwatch_${sample.replace(/_(count|sum)$/, '')}`);
    return [`heapwatch_${sample}`, meter[`createObservable${kind}`](name, { unit, description })];
  }));
  const unrecorded = meter.createObservableCounter('heapwatch.gc.unrecorded', { unit: '{gc}', description: 'Garbage collections that are counted but came too fast to be in v8js.gc.duration.' });

  let lostSoFar = 0;
  /** @type {Parameters<(typeof pauseTakers)['add']>[0]} */
  const take = (pauses, lost) => {
    lostSoFar += lost;
    for (const { kind, pauseMs } of pauses) call(duration.record, duration, [pauseMs / 1000, { 'v8js.gc.type': gcType(kind) }], "OpenTelemetry's histogram");
  };
  /** @param {import('../../index').OpenTelemetryResult} result */
  const observe = (result) => {
    const running = find();
    running?.flush(); // what is recorded during a collection is still part of it
    result.observe(unrecorded, lostSoFar);
    if (!running) return; // one that was stopped has nothing to say
    const sizes = Object.entries(running.report().spaces);
    for (const { field, instrument } of spaces) for (const [space, size] of sizes) result.observe(instrument, size[field], { 'v8js.heap.space.name': space });
    for (const { name, samples } of running.metricFamilies({ promClient: false, prefix: '' })) {
      for (const { suffix, labels, value } of samples) {
        const instrument = families.get(suffix === '_total' ? name : name + suffix);
        if (instrument) result.observe(instrument, value, attributesOf(labels));
      }
    }
  };

  const observables = [...spaces.map(({ instrument }) => instrument), ...families.values(), unrecorded];
  watcher.flush(); // what was before is not this meter's
  pauseTakers.add(take);
  meter.addBatchObservableCallback(observe, observables);
  instrumented.add(meter);
  const dispose = () => {
    if (!pauseTakers.delete(take)) return;
    meter.removeBatchObservableCallback(observe, observables);
    instrumented.delete(meter);
  };
  return { dispose, [DISPOSE]: dispose };
}

module.exports = { instrumentOpenTelemetry };
