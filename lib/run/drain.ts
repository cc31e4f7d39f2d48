import 'server-only';
import { subscribe } from 'node:diagnostics_channel';
import type { Server, ServerResponse } from 'node:http';
import { log } from './log';

/** Orchestrators kill after ten seconds or more: what is under way gets most of that. */
const drainMs = 9000;

type RequestStart = { response: ServerResponse; server: Server };

/**
 * On SIGTERM Next takes no new connections and waits for those that are open, which a client that keeps asking on one of them can
 * draw out for ever. So from then on each answer is the last one on its connection, idle ones are closed, and the process ends when
 * its time is over.
 */
export function drainOnStop(): void {
  const servers = new Set<Server>();
  let stopping = false;
  subscribe('http.server.request.start', (message) => {
    const { response, server } = message as RequestStart;
    servers.add(server);
    if (stopping) response.shouldKeepAlive = false;
  });
  process.once('SIGTERM', () => {
    stopping = true;
    log('info', 'stopping: answering what is under way');
    const idle = setInterval(() => servers.forEach((server) => server.closeIdleConnections()), 100);
    idle.unref();
    setTimeout(() => process.exit(0), drainMs).unref();
    // A stop that was asked for is no failure, which is what Next's 143 would say to an orchestrator.
    process.once('exit', () => (process.exitCode = 0));
  });
}
