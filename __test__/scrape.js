'use strict';

// Asking what start({ metricsListen }) serves, and a child process that serves it.

const { fork } = require('node:child_process');
const { once } = require('node:events');
const http = require('node:http');
const path = require('node:path');

/** @param {string} address as watcher.metricsAddress has it */
function target(address) {
  if (address.startsWith('unix:')) return { socketPath: address.slice('unix:'.length) };
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}

/**
 * @param {string} address
 * @param {string} [page]
 * @param {http.RequestOptions} [options]
 * @returns {Promise<{ status: number, headers: http.IncomingHttpHeaders, text: string }>}
 */
function ask(address, page = '/metrics', options = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ ...target(address), path: page, agent: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => { text += part; }).on('error', reject)
        .on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    request.on('error', reject).end();
  });
}

/**
 * fixtures/listens.js, which does what it is told and says what came of it.
 *
 * @param {{ env?: NodeJS.ProcessEnv, execArgv?: string[] }} [options]
 */
function startChild({ env, execArgv = [] } = {}) {
  const child = fork(path.join(__dirname, 'fixtures', 'listens.js'), {
    env: { ...process.env, NODE_OPTIONS: '', HEAPWATCH_DISABLE: '', ...env }, execArgv, stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => { stderr += text; });
  const ended = once(child, 'close');
  return {
    pid: child.pid,
    ended,
    get stderr() { return stderr; },
    /** What the order's answer is. @param {string} order @param {unknown} [argument] @returns {Promise<any>} */
    async tell(order, argument) {
      const answered = once(child, 'message');
      child.send({ order, argument });
      const [answer] = await Promise.race([answered, ended.then(() => { throw new Error(`the child has ended: ${stderr}`); })]);
      return answer;
    },
    /** Without waiting for an answer. @param {string} order @param {unknown} [argument] */
    send: (order, argument) => child.send({ order, argument }),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

module.exports = { ask, startChild, target };
