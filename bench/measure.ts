import http from 'node:http';
import { connect } from 'node:net';

export type Sample = { p50: number; p95: number; p99: number; max: number; n: number };

export function summarize(ms: number[]): Sample {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? Number.NaN, n: sorted.length };
}

export const median = (values: number[]): number => summarize(values).p50;

export type Reply = { status: number; text: string };

/** A client that keeps its connections, as a browser or a proxy does; fetch would add its own cost to both sides. */
export class Browser {
  private readonly agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  readonly url: URL;
  readonly cookie: string;

  constructor(url: string, cookie: string) {
    this.url = new URL(url);
    this.cookie = cookie;
  }

  send(path: string, options: { method?: string; body?: string } = {}): Promise<Reply> {
    const headers: Record<string, string> = { cookie: this.cookie, origin: this.url.origin };
    if (options.body !== undefined) headers['content-type'] = 'application/json';
    return new Promise((resolve, reject) => {
      const request = http.request({ host: this.url.hostname, port: this.url.port, path, agent: this.agent, method: options.method ?? 'GET', headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      });
      request.on('error', reject);
      request.end(options.body);
    });
  }

  /** The text of a successful answer: a benchmark of refusals would look fast. */
  async get(path: string): Promise<string> {
    const { status, text } = await this.send(path);
    if (status >= 300) throw new Error(`${path} answered ${status}: ${text.slice(0, 200)}`);
    return text;
  }

  close(): void {
    this.agent.destroy();
  }
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

export type Work = () => Promise<unknown>;
export type Rounds<K extends string> = Record<K, Sample>[];

const rounds = 5;

/**
 * Runs the candidates in turn, so that whatever else the machine does hits each alike, after a warm-up that is not
 * counted. Each round has `samples` of each.
 */
export async function interleaved<K extends string>(candidates: Record<K, Work>, samples: number, warmUp = 800): Promise<Rounds<K>> {
  const names = Object.keys(candidates) as K[];
  for (let n = 0; n < warmUp; n += 1) for (const name of names) await candidates[name]();
  const results: Rounds<K> = [];
  for (let round = 0; round < rounds; round += 1) {
    const ms = new Map(names.map((name): [K, number[]] => [name, []]));
    for (let n = 0; n < samples; n += 1) for (const name of names) ms.get(name)?.push(await timed(candidates[name]));
    results.push(Object.fromEntries(names.map((name) => [name, summarize(ms.get(name) ?? [])])) as Record<K, Sample>);
  }
  return results;
}

/** A ratio for each round; their median is the figure, the least and the greatest are its spread. */
export type Ratio = { value: number; low: number; high: number };

export const ratioOf = (values: number[]): Ratio => ({ value: median(values), low: Math.min(...values), high: Math.max(...values) });

export const ratio = <K extends string>(results: Rounds<K>, over: K, under: K, quantile: 'p50' | 'p95' = 'p50'): Ratio =>
  ratioOf(results.map((round) => round[over][quantile] / round[under][quantile]));

export const across = <K extends string>(results: Rounds<K>, name: K, quantile: 'p50' | 'p95' = 'p50'): number => median(results.map((round) => round[name][quantile]));

/** Answers a second of two paths with `clients` of them at once, measured in turn. */
export async function throughput(browser: Browser, paths: readonly [string, string], clients: number, ms: number): Promise<{ over: number[]; under: number[] }> {
  const [over, under]: [number[], number[]] = [[], []];
  await hammer(browser, paths[0], clients, ms);
  for (let round = 0; round < rounds; round += 1) {
    under.push(await hammer(browser, paths[1], clients, ms));
    over.push(await hammer(browser, paths[0], clients, ms));
  }
  return { over, under };
}

async function hammer({ url, cookie }: Browser, path: string, clients: number, ms: number): Promise<number> {
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${url.host}\r\ncookie: ${cookie}\r\n\r\n`);
  const started = performance.now();
  const counts = await Promise.all(Array.from({ length: clients }, () => keepAsking(url, request, started + ms)));
  return counts.reduce((sum, n) => sum + n, 0) / ((performance.now() - started) / 1000);
}

/** One connection that asks again as soon as it has its answer. It parses as little as it can: the server is to be busy, not this. */
function keepAsking(url: URL, request: Buffer, end: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () => socket.write(request));
    let answer = '';
    let answered = 0;
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the console closed a connection')));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (!isWhole(answer)) return;
      if (!/^HTTP\/1\.1 20\d /.test(answer)) return reject(new Error(`${path(request)} answered ${answer.slice(9, 12)}: ${answer.slice(answer.indexOf('\r\n\r\n') + 4, answer.indexOf('\r\n\r\n') + 400)}`));
      answer = '';
      answered += 1;
      if (performance.now() < end) return socket.write(request);
      socket.removeAllListeners('close').destroy();
      resolve(answered);
    });
  });
}

const path = (request: Buffer): string => request.toString('latin1').split(' ', 2)[1] ?? '';

function isWhole(answer: string): boolean {
  const headEnd = answer.indexOf('\r\n\r\n') + 4;
  if (headEnd < 4) return false;
  const head = answer.slice(0, headEnd);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) return answer.length >= headEnd + Number(length);
  return head.startsWith('HTTP/1.1 204') || answer.endsWith('\r\n0\r\n\r\n');
}
