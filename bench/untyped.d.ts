// Packages, or files of them, that bring no types.
declare module 'autocannon';
declare module 'express';
declare module '@datadog/native-metrics';
declare module '@newrelic/native-metrics';
declare module 'prom-client/lib/metrics/gc';
