import { request } from 'node:http';

export type RawAnswer = { status: number; headers: Record<string, string>; body: string };

/** A request with its method, target and headers exactly as given: `fetch` would tidy them up first. Follows no redirect. */
export function rawRequest(url: string, method: string, target: string, headers: Record<string, string> = {}): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path: target, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])), body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}
