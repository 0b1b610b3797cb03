'use strict';

// examples/prometheus with the real Prometheus and Alertmanager: scraped, counted, alerted, added up.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { readFileSync, writeFileSync, mkdtempSync, rmSync } = require('node:fs');
const { createServer } = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');

const heapwatch = require('..');
const { freePort, programs, query, serve, skip, until, wait } = require('./prometheus.js');
const { ROOT, run } = require('./run.js');
const { ask } = require('./scrape.js');

const EXAMPLE = path.join(ROOT, 'examples', 'prometheus');
const BIN = path.join(ROOT, 'bin', 'heapwatch.js');

/** A verdict takes four times this. */
const MIN_SPAN_MS = 2500;

/** Alerts come within seconds here, and within a minute on a busy machine. */
const PATIENCE_MS = 180_000;

/** @param {string} file @param {string} [text] */
const promtool = (...args) => {
  assert.ok(programs.promtool, 'promtool must be installed: apt-get install prometheus');
  return run(programs.promtool, args);
};

/** @param {string} text an exposition */
async function checkMetrics(text) {
  assert.ok(programs.promtool, 'promtool must be installed: apt-get install prometheus');
  const child = spawn(programs.promtool, ['check', 'metrics'], { stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (part) => { said += part; });
  child.stdin.end(text);
  const [code] = await once(child, 'close');
  return { code, said };
}

/**
 * A program of the example, once it has said where it listens.
 *
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 */
async function startExample(name, env, args = []) {
  const child = spawn(process.execPath, [path.join(EXAMPLE, name), ...args], {
    env: { ...process.env, NODE_OPTIONS: '', HEAPWATCH_DISABLE: '', PORT: '0', ...env }, stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const [line] = args.length > 0 ? [''] : await once(child.stdout.setEncoding('utf8'), 'data');
  return {
    line,
    url: /http:\/\/[\d.:]+/.exec(line)?.[0],
    metrics: /metrics on (\S+)/.exec(line)?.[1],
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

describe('promtool', { skip }, () => {
  for (const args of [[], ['--recording'], ['--for', '90s', '--limit-within', '90m', '--gc-share', '10%', '--dropped-over', '1h', '--prefix', 'shop_', '--select', 'job="shop",env=~"live|test"', '--severity', 'page', '--recording']]) {
    test(`accepts the rules that heapwatch rules ${args.join(' ')} prints`, async () => {
      const folder = mkdtempSync(path.join(os.tmpdir(), 'heapwatch-rules-'));
      try {
        const { stdout } = await run(process.execPath, [BIN, 'rules', ...args]);
        writeFileSync(path.join(folder, 'rules.yml'), stdout);
        const { code, stdout: said, stderr } = await promtool('check', 'rules', path.join(folder, 'rules.yml'));
        assert.equal(code, 0, said + stderr);
        assert.match(said, new RegExp(`SUCCESS: ${args.includes('--recording') ? 13 : 4} rules found`));
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  test('accepts the recording rules of docs/fleet.md', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'heapwatch-rules-'));
    try {
      const [, yaml] = /```yaml\n(groups:\n[^]*?)```/.exec(readFileSync(path.join(ROOT, 'docs', 'fleet.md'), 'utf8'));
      writeFileSync(path.join(folder, 'rules.yml'), yaml);
      const { code, stdout, stderr } = await promtool('check', 'rules', path.join(folder, 'rules.yml'));
      assert.equal(code, 0, stdout + stderr);
      const printed = (await run(process.execPath, [BIN, 'rules', '--recording'])).stdout;
      for (const [, record] of yaml.matchAll(/record: (\S+)/g)) assert.ok(printed.includes(`record: ${record}\n`), `heapwatch rules has ${record}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('finds nothing in what is served, under both sets of names', async () => {
    const watcher = heapwatch.start({ metricsListen: ':0' });
    const server = createServer();
    try {
      heapwatch.gc();
      assert.deepEqual(await checkMetrics((await ask(watcher.metricsAddress)).text), { code: 0, said: '' });
      assert.deepEqual(await checkMetrics(heapwatch.metrics({ prefix: 'shop_', labels: { zone: 'a' } })), { code: 0, said: '' });
      assert.deepEqual(await checkMetrics(heapwatch.metrics({ names: 'prom-client' })), { code: 0, said: '' });
      const requests = heapwatch.requestTiming({ allocationSampling: 1 });
      server.on('request', (request, response) => {
        requests(request, response);
        response.end();
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      await (await fetch(`http://127.0.0.1:${server.address().port}`)).text();
      const text = heapwatch.metrics({ requests });
      assert.match(text, /heapwatch_request_duration_seconds_count\{route="\(no route\)",stopped="false"\} 1/);
      assert.deepEqual(await checkMetrics(text), { code: 0, said: '' });
    } finally {
      server.close();
      watcher.stop();
    }
  });

  test('would say what is wrong', async () => {
    const { code, said } = await checkMetrics('# TYPE wrong counter\nwrong 1\n');
    assert.notEqual(code, 0);
    assert.match(said, /wrong/);
  });
});

describe('examples/prometheus', { skip, timeout: 4 * PATIENCE_MS }, () => {
  let folder;
  const running = [];
  let app;
  let cluster;
  let prometheus;
  let alertmanager;
  const values = (expr) => query(prometheus.url, expr);
  /** @param {string} expr @returns {Promise<number | undefined>} */
  const value = async (expr) => (await values(expr))[0]?.value;

  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'heapwatch-prometheus-'));
    app = await startExample('app.js', { METRICS_LISTEN: '127.0.0.1:0', MIN_SPAN_MS: String(MIN_SPAN_MS), ASSIST_MS: '200' });
    running.push(app);
    cluster = await startExample('cluster.js', { TARGETS: path.join(folder, 'targets.json') });
    running.push(cluster);
    const [prometheusPort, alertmanagerPort] = [await freePort(), await freePort()];

    // The example's own files, with ports that are free here and the patience of a test.
    const { stdout: rules } = await run(process.execPath, [BIN, 'rules', '--for', '1s', '--recording']);
    writeFileSync(path.join(folder, 'heapwatch.rules.yml'), rules);
    const place = (/** @type {string} */ name, /** @type {[string, string][]} */ changes) => {
      let text = readFileSync(path.join(EXAMPLE, name), 'utf8');
      for (const [from, to] of changes) {
        assert.ok(text.includes(from), `${name} has no ${from}`);
        text = text.replaceAll(from, to);
      }
      writeFileSync(path.join(folder, name), text);
    };
    place('prometheus.yml', [['15s', '1s'], ['127.0.0.1:9093', `127.0.0.1:${alertmanagerPort}`], ['127.0.0.1:9464', app.metrics], ['127.0.0.1:3000', new URL(app.url).host]]);
    place('alertmanager.yml', [['10s', '1s']]);
    alertmanager = await serve(programs.alertmanager, [
      '--config.file=alertmanager.yml', '--storage.path=alertmanager', `--web.listen-address=127.0.0.1:${alertmanagerPort}`, '--cluster.listen-address=',
    ], { url: `http://127.0.0.1:${alertmanagerPort}`, cwd: folder });
    running.push(alertmanager);
    prometheus = await serve(programs.prometheus, [
      '--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${prometheusPort}`,
    ], { url: `http://127.0.0.1:${prometheusPort}`, cwd: folder });
    running.push(prometheus);
    running.push(await startExample('load.js', {}, [app.url, '80']));
  });

  after(async () => {
    for (const each of running.reverse()) await each.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('every target is up', async () => {
    await until('all five are up', async () => (await values('up == 1')).length === 5, PATIENCE_MS);
    assert.deepEqual((await values('up == 1')).map(({ labels: { job } }) => job).sort(), ['cluster', 'cluster', 'cluster', 'shop', 'shop-app']);
  });

  test('the leak becomes an alert in Alertmanager', async (t) => {
    const startedMs = Date.now();
    const alert = await until('HeapwatchMemoryLeak fires', async () => {
      const alerts = await (await fetch(`${alertmanager.url}/api/v2/alerts?filter=${encodeURIComponent('alertname="HeapwatchMemoryLeak"')}&filter=${encodeURIComponent('job="shop"')}`)).json();
      return alerts.find(({ status }) => status.state === 'active');
    }, PATIENCE_MS);
    t.diagnostic(`after ${((Date.now() - startedMs) / 1000).toFixed(0)} s: ${alert.annotations.summary}`);
    assert.deepEqual(alert.labels, { alertname: 'HeapwatchMemoryLeak', instance: app.metrics, job: 'shop', severity: 'warning', thread: '0', verdict: 'leak' });
    assert.equal(alert.annotations.summary, `Memory leaks in ${app.metrics}, thread 0.`);
    assert.ok(await value('heapwatch_growth_bytes_per_second{job="shop"}') > 0);
    assert.ok(await value('heapwatch_limit_seconds{job="shop",bound="earliest"}') > 0, 'it says when it is over');
    // At this pace the limit is minutes away.
    await until('HeapwatchLimitNear fires', async () => {
      const { data } = /** @type {any} */ (await (await fetch(`${prometheus.url}/api/v1/alerts`)).json());
      return data.alerts.some(({ labels, state }) => labels.alertname === 'HeapwatchLimitNear' && labels.job === 'shop' && state === 'firing');
    }, PATIENCE_MS);
  });

  test('dashboards made for prom-client go on, with values of GC and heap', async () => {
    const instance = `instance=~"${new URL(app.url).host}"`;
    // The queries of Grafana's dashboard 11159 (NodeJS Application Dashboard), and of others about GC.
    const taken = [
      `process_resident_memory_bytes{${instance}}`, `nodejs_heap_size_total_bytes{${instance}}`, `nodejs_heap_size_used_bytes{${instance}}`, `nodejs_external_memory_bytes{${instance}}`,
      `nodejs_heap_space_size_total_bytes{${instance}}`, `nodejs_heap_space_size_used_bytes{${instance}}`, `nodejs_heap_space_size_available_bytes{${instance}}`,
      `rate(nodejs_gc_duration_seconds_count{${instance}}[1m])`, `sum by (kind) (rate(nodejs_gc_duration_seconds_sum{${instance}}[1m]))`,
      `histogram_quantile(0.95, sum(rate(nodejs_gc_duration_seconds_bucket{${instance}}[1m])) by (le))`,
    ];
    for (const expr of taken) {
      const found = await values(expr);
      assert.ok(found.length > 0 && found.some(({ value: number }) => number > 0), `${expr}: ${JSON.stringify(found)}`);
    }
    // Not ours: the client's own metrics, which stay beside them.
    const theirs = [
      `irate(process_cpu_user_seconds_total{${instance}}[1m]) * 100`, `nodejs_eventloop_lag_seconds{${instance}}`, `nodejs_version_info{${instance}}`, `sum(changes(process_start_time_seconds{${instance}}[1m]))`,
      `nodejs_active_handles_total{${instance}}`, `nodejs_active_requests_total{${instance}}`,
    ];
    for (const expr of theirs) assert.ok((await values(expr)).length > 0, expr);
    const names = new Set(heapwatchNames());
    for (const name of ['nodejs_eventloop_lag_seconds', 'nodejs_version_info', 'process_cpu_user_seconds_total', 'nodejs_active_handles_total']) assert.ok(!names.has(name), `${name} is not ours`);
  });

  test('every panel of grafana/heapwatch.json has values', async (t) => {
    const dashboard = JSON.parse(readFileSync(path.join(ROOT, 'grafana', 'heapwatch.json'), 'utf8'));
    const targets = dashboard.panels.flatMap(({ title, targets: own = [] }) => own.map(({ expr }) => ({ title, expr })));
    assert.ok(targets.length > 25);
    for (const { title, expr } of targets) {
      const asked = expr.replaceAll('$job', '.*').replaceAll('$instance', '.*').replaceAll('$__rate_interval', '30s').replaceAll('$__range', '1m');
      const found = await values(asked);
      // Without a container's limit there is none to show.
      if (!/container/.test(expr)) assert.ok(found.length > 0, `${title}: ${asked}`);
    }
    t.diagnostic(`${targets.length} queries`);
    for (const { query: { query: variable } } of dashboard.templating.list.filter(({ type }) => type === 'query')) assert.match(variable, /^label_values\(heapwatch_rss_bytes/);
  });

  test('both sets count the same GCs', async () => {
    const both = async () => {
      const [ours, theirs] = await Promise.all([ask(app.metrics), (await fetch(`${app.url}/metrics`)).text()]);
      const read = (text, name) => Number(new RegExp(`^${name}_count\\{kind="major"[^}]*\\} (\\d+)$`, 'm').exec(text)[1]);
      return [read(ours.text, 'heapwatch_gc_pause_seconds'), read(theirs, 'nodejs_gc_duration_seconds')];
    };
    // One may come between the two answers.
    await until('the counts are equal', async () => { const [ours, theirs] = await both(); return ours > 0 && ours === theirs; }, 10_000);
  });

  test('three processes of a cluster are added up right, by Prometheus and by the primary', async () => {
    const byProcess = await until('all three were scraped', async () => {
      const found = await values('heapwatch_gc_pause_seconds_count{job="cluster",kind="major"}');
      return found.length === 3 && found.every(({ value: count }) => count > 0) && found;
    }, PATIENCE_MS);
    assert.equal(new Set(byProcess.map(({ labels: { instance } }) => instance)).size, 3);

    const addedUp = async () => {
      const text = await (await fetch(`${cluster.url}/metrics`)).text();
      const read = (name) => Number(new RegExp(`^${name} ([\\d.e+-]+)$`, 'm').exec(text)[1]);
      return { majors: read('heapwatch_gc_pause_seconds_count\\{kind="major",thread="0"\\}'), limit: read('heapwatch_heap_limit_bytes\\{thread="0"\\}'), rss: read('heapwatch_rss_bytes') };
    };
    const each = async () => {
      const texts = await Promise.all(byProcess.map(async ({ labels: { instance } }) => (await ask(instance)).text));
      const sum = (name) => texts.reduce((total, text) => total + Number(new RegExp(`^${name} ([\\d.e+-]+)$`, 'm').exec(text)[1]), 0);
      return { majors: sum('heapwatch_gc_pause_seconds_count\\{kind="major",thread="0"\\}'), limit: sum('heapwatch_heap_limit_bytes\\{thread="0"\\}'), rss: sum('heapwatch_rss_bytes') };
    };
    // They collect garbage meanwhile: what was before and after encloses it.
    const [first, primary, last] = [await each(), await addedUp(), await each()];
    assert.ok(first.majors <= primary.majors && primary.majors <= last.majors, JSON.stringify({ first, primary, last }));
    assert.equal(primary.limit, first.limit);
    assert.ok(Math.abs(primary.rss / first.rss - 1) < 0.5, JSON.stringify({ first, primary }));
    const bySum = await value('sum(heapwatch_heap_limit_bytes{job="cluster"})');
    assert.equal(bySum, primary.limit);
    // And by the recording rules.
    await until('the rules were recorded', async () => await value('job:heapwatch_rss_bytes:sum{job="cluster"}') > 0 && (await values('job:heapwatch_gc_pause_seconds_count:rate5m{job="cluster"}')).length === 4, PATIENCE_MS);
    assert.equal(await value('job:heapwatch_growth_verdict:count{job="cluster",verdict="inconclusive"} + ignoring(verdict) job:heapwatch_growth_verdict:count{job="cluster",verdict="leak"} + ignoring(verdict) job:heapwatch_growth_verdict:count{job="cluster",verdict="clean"}'), 3);
  });

  test('while the event loop is blocked, the listener is up and the route of the app is not', async () => {
    const blocked = fetch(`${app.url}/block/12000`);
    const startedMs = Date.now();
    await wait(7000);
    const [listener, route] = await Promise.all(['shop', 'shop-app'].map((job) => value(`avg_over_time(up{job="${job}"}[5s])`)));
    assert.ok(Date.now() - startedMs < 12_000, 'it was asked while blocked');
    assert.equal((await blocked).status, 200);
    assert.ok(listener > 0.5 && route < 0.5, `up: the listener ${listener}, the route ${route}`);
  });
});

/** The names of the drop-in set. */
function heapwatchNames() {
  const watcher = heapwatch.start();
  try {
    return [...heapwatch.metrics({ names: 'prom-client' }).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  } finally {
    watcher.stop();
  }
}
