'use strict';

// A map of the package: what is exported and where it lives. The literal below is read statically
// by cjs-module-lexer, which is what makes `import { start } from 'heapwatch'` work.

const { start, stop, report, metrics, reset } = require('./lib/running.js');
const { instrumentPrometheus } = require('./lib/exporters/instrument-prometheus.js');
const { instrumentOpenTelemetry } = require('./lib/exporters/instrument-open-telemetry.js');
const { requestTiming } = require('./lib/requests/request-timing.js');
const { healthCheck } = require('./lib/health-check.js');
const { dashboard } = require('./lib/dashboard/dashboard.js');
const { analyze } = require('./lib/heap/analyze.js');
const { diff } = require('./lib/heap/diff.js');
const { gc } = require('./lib/gc.js');
const { snapshot } = require('./lib/snapshot.js');
const { pendingSnapshots } = require('./lib/pending-snapshots.js');
const { mergeReports } = require('./lib/merge-reports.js');
const { measure } = require('./lib/measure/measure.js');
const { support } = require('./lib/support.js');
const { PauseHistogram } = require('./lib/histogram.js');
const { HeapwatchError } = require('./lib/errors.js');

module.exports = {
  start, stop, report, metrics, instrumentPrometheus, instrumentOpenTelemetry, reset, healthCheck, requestTiming, dashboard, mergeReports,
  gc, snapshot, pendingSnapshots, analyze, diff, measure, support, PauseHistogram, HeapwatchError,
};
