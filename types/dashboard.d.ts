/// <reference types="node" />

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Bytes, Watcher } from './watch';

/** What somebody wants to do: see the page with its data and updates, read the metrics, act (collect, take and look into snapshots), download a snapshot. */
export type DashboardAction = 'page' | 'metrics' | 'trigger' | 'download';

export interface DashboardOptions {
  /**
   * What addresses begin with, such as `'/debug/heap'`, where nothing takes it off: with node:http. Other addresses go to `next`, or are not found.
   * Default: none, as under `app.use('/debug/heap', …)`.
   */
  path?: string;
  /** Default: whichever watcher runs in this thread when a request comes. */
  watcher?: Watcher;
  /**
   * Who may. Asked at each request, and must answer, or resolve to, exactly `true` within 10 s; all else is refused with 403, a throw too. It guards all four actions.
   * Default: none; the page and the metrics are then open to whoever gets past the application, and `trigger` and `download` cannot be switched on.
   */
  authorize?: (request: IncomingMessage, action: DashboardAction) => boolean | Promise<boolean>;
  /**
   * Names by which this service is reached, without port. Requests under other names are refused, because a foreign name can be made to lead here (DNS rebinding).
   * IP addresses, localhost and its subdomains always pass. Default: none.
   */
  hosts?: string[];
  /** Serve {@link metrics} at `<page>/metrics`. Default: false. */
  metrics?: boolean;
  /** Let the page collect garbage, take snapshots, look into them and compare them. Needs `authorize`. Default: false. */
  trigger?: boolean;
  /** Let snapshots be downloaded. Needs `authorize`. Default: false. */
  download?: boolean;
  /**
   * Contents of strings are replaced in snapshots before they are kept, shown or sent, as by {@link analyze}'s `redact`; snapshots that others left are redacted for the
   * time that they are used. Names of classes, functions, scripts, variables and properties stay. Default: true.
   */
  redact?: boolean;
  /** As {@link SnapshotOptions.dir}. What rules and dying processes left there is listed too. */
  dir?: string;
  /** As {@link SnapshotOptions.maxFiles}. Default: 10. */
  maxFiles?: number;
  /** As {@link SnapshotOptions.maxBytes}. Default: 4 GB. */
  maxBytes?: Bytes;
  /** The least time between two snapshots from this page, and between two collections, in milliseconds, at most a week. Until then: 429. Default: 10,000. */
  cooldownMs?: number;
  /** After which a snapshot, an analysis or a comparison is given up, in milliseconds above 0, at most a week. Default: 300,000 (5 min). */
  timeoutMs?: number;
  /** Pages that get updates at a time; to more, 503. From 1 to 10,000. Default: 50. */
  maxClients?: number;
  /** Told of each trigger and download, done, refused or failed. What it throws becomes a process warning. Default: one line on stderr. */
  audit?: (entry: DashboardAudit) => void;
}

export interface DashboardAudit {
  /** Unix milliseconds. */
  timeMs: number;
  action: 'gc' | 'snapshot' | 'analysis' | 'comparison' | 'download';
  outcome: 'done' | 'refused' | 'failed';
  /** The HTTP status, or for a snapshot that ended later what it would have been. */
  status: number;
  /** Of the connection; behind a proxy, the proxy's. Null: it has gone. */
  remoteAddress: string | null;
  /** Id of the snapshot, where there is one. */
  target?: string;
  /** Why not. */
  reason?: string;
  /** Refusals before this one that were not told: 20 a minute are. */
  suppressed?: number;
}

export interface DashboardHandler {
  (request: IncomingMessage, response: ServerResponse, next?: (error?: any) => void): void;
  /** Ends its streams and what it is doing, so that a server can close. The handler goes on answering, without a next snapshot. */
  close(): void;
  /** The same, for `using`. */
  [Symbol.dispose](): void;
}
