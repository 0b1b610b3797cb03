'use strict';

const { RuntimeNodeInstrumentation } = require('@opentelemetry/instrumentation-runtime-node');
const { MeterProvider, MetricReader } = require('@opentelemetry/sdk-metrics');
const { add } = require('./tally.js');

class OnDemandReader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

function open() {
  const reader = new OnDemandReader();
  const instrumentation = new RuntimeNodeInstrumentation();
  instrumentation.setMeterProvider(new MeterProvider({ readers: [reader] }));
  return {
    async read() {
      /** @type {import('./tally').Tallies} */
      const tallies = {};
      const { resourceMetrics } = await reader.collect();
      for (const { descriptor, dataPoints } of resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)) {
        if (descriptor.name !== 'v8js.gc.duration') continue;
        for (const { attributes, value } of /** @type {any[]} */ (dataPoints)) {
          add(tallies, attributes['v8js.gc.type'], value.sum * 1e3, value.count);
        }
      }
      return tallies;
    },
    close: () => instrumentation.disable(),
  };
}

module.exports = { open };
