'use strict';

const { once } = require('node:events');
const http = require('node:http');
const { gunzipSync } = require('node:zlib');

// The official protobuf definitions, compiled: the exporters' present versions hold only what writes them.
const { ExportMetricsServiceRequest, ExportMetricsServiceResponse } = require('otlp-decoder/build/src/generated/root.js').opentelemetry.proto.collector.metrics.v1;

/**
 * What a collector does with OTLP over HTTP: takes POST /v1/metrics in protobuf or JSON, and answers in the same.
 *
 * @returns {Promise<{ url: string, requests: { type: string, metrics: Map<string, any> }[], close: () => void }>} metrics by name, as OTLP has them
 */
async function otlpReceiver() {
  const requests = [];
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(Buffer.concat(chunks)) : Buffer.concat(chunks);
    const type = request.headers['content-type'];
    if (request.method !== 'POST' || request.url !== '/v1/metrics') return response.writeHead(404).end();
    const message = type === 'application/x-protobuf'
      ? ExportMetricsServiceRequest.toObject(ExportMetricsServiceRequest.decode(body), { longs: Number, defaults: true, arrays: true })
      : JSON.parse(body.toString('utf8'));
    const all = message.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
    requests.push({ type, metrics: new Map(all.map((metric) => [metric.name, metric])) });
    response.setHeader('content-type', type);
    response.end(type === 'application/x-protobuf' ? ExportMetricsServiceResponse.encode({}).finish() : '{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/v1/metrics`,
    requests,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Attributes of a data point as an object. @param {{ attributes: { key: string, value: any }[] }} point */
const attributesOf = ({ attributes }) => Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue || (value.intValue !== undefined ? Number(value.intValue) : value.doubleValue)]));

module.exports = { otlpReceiver, attributesOf };
