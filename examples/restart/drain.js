'use strict';

/**
 * Ends a server without breaking a request: tell the load balancer, stop accepting, let the requests that
 * are under way finish, exit. After the deadline it exits all the same: what hangs must not keep a sick
 * process alive.
 *
 * @param {import('node:http').Server} server
 * @param {object} options
 * @param {number} [options.noticeMs] how long new connections are still taken, so that the readiness probe is seen to fail first
 * @param {number} [options.deadlineMs] from the call to the exit, at most
 * @param {(isTimely: boolean) => void} exit false: the deadline came first
 */
function drain(server, { noticeMs = 0, deadlineMs = 10_000 }, exit) {
  setTimeout(() => {
    server.closeAllConnections();
    exit(false);
  }, deadlineMs);

  setTimeout(() => {
    server.close(() => exit(true));
    // A connection that was busy at close() is kept alive after its response: it is idle now, and can go.
    setInterval(() => server.closeIdleConnections(), 50);
  }, Math.min(noticeMs, deadlineMs));
}

module.exports = { drain };
