'use strict';

// An Express app that asks to be replaced before it runs out of memory: pm2, systemd or Kubernetes starts
// the next one. docs/restarting.md has their settings.

const heapwatch = require('heapwatch');

const watcher = heapwatch.start();

const express = require('express');
const { drain } = require('./drain.js');

/** When memory gets short: of V8's limit or of the container's, whichever is nearer, and not for a moment only. */
const rule = JSON.parse(process.env.RESTART_RULE ?? '{ "maxUsedRatio": 0.85, "forMs": 2000 }');
/** What the supervisor sees; pm2, `Restart=always` and Kubernetes restart after 0 as well. */
const exitCode = Number(process.env.RESTART_EXIT_CODE ?? 0);
/** The notice is a little more than the period of the readiness probe; the deadline less than the supervisor's patience. */
const timing = { noticeMs: Number(process.env.NOTICE_MS ?? 3000), deadlineMs: Number(process.env.DEADLINE_MS ?? 20_000) };

let isDraining = false;

const app = express();

const health = heapwatch.healthCheck({ watcher });
app.get('/health', (req, res) => {
  if (isDraining) res.status(503).json({ status: 'draining' });
  else health(req, res);
});

// Work that takes its time, as requests do that are under way when the moment comes.
app.get('/slow/:ms', (req, res) => {
  setTimeout(() => res.json({ done: true }), Number(req.params.ms));
});

// The leak: a cache that nothing is ever taken out of.
const cache = [];
app.get('/cache/:mb', (req, res) => {
  cache.push(Buffer.alloc(Number(req.params.mb) * 1024 * 1024, 1));
  res.json({ entries: cache.length });
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error;
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

/**
 * @param {string} why
 * @param {number} code
 */
function leave(why, code) {
  if (isDraining) return;
  isDraining = true;
  console.error(`draining: ${why}`);
  drain(server, timing, (isTimely) => {
    console.error(isTimely ? 'drained' : 'not drained in time');
    process.exit(code);
  });
}

watcher.onThreshold(rule, (report, { values }) => leave(`${JSON.stringify(values)}; ${report}`, exitCode));
// systemd and Kubernetes send the one, pm2 the other.
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => leave(signal, 0));
