import 'server-only';
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { readEnv } from '@/lib/env';
import { makeRoutable } from './request-line';

/** Set for every request before any handler sees it; a client's own header of this name is overwritten. */
export const clientAddressHeader = 'x-riskdesk-client';

export const clientAddress = (request: Request): string => request.headers.get(clientAddressHeader) ?? 'unknown';

/** `10.0.0.0/8 192.168.1.5` as a list; @throws with the bad entry's position */
export function proxyList(entries: string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/, '');

function trusts(list: BlockList, address: string): boolean {
  const kind = isIP(address);
  return kind !== 0 && list.check(address, kind === 6 ? 'ipv6' : 'ipv4');
}

/** The nearest address of X-Forwarded-For that is not a proxy of ours, when the peer itself is one. */
export function addressOf(peer: string, forwarded: string | undefined, proxies: BlockList): string {
  const hops = [...(forwarded ?? '').split(',').map((hop) => plain(hop.trim())).filter((hop) => isIP(hop) !== 0), plain(peer)];
  for (const hop of hops.toReversed()) {
    if (!trusts(proxies, hop)) return hop;
  }
  return plain(peer);
}

type RequestStart = { request: IncomingMessage; server: Server };

/**
 * Next hands route handlers no socket, and passes a client's own X-Forwarded-For through. Node's diagnostics channel
 * announces each request before Next reads it: the place to write down who is at the other end, and to bound the server.
 */
export function watchRequests(): void {
  const proxies = proxyList(readEnv().TRUSTED_PROXIES);
  subscribe('http.server.request.start', (message) => {
    const { request, server } = message as RequestStart;
    server.maxHeadersCount = 100;
    server.headersTimeout = 15_000;
    makeRoutable(request);
    const forwarded = request.headers['x-forwarded-for'];
    request.headers[clientAddressHeader] = addressOf(request.socket.remoteAddress ?? '', Array.isArray(forwarded) ? forwarded.join(',') : forwarded, proxies);
  });
}
