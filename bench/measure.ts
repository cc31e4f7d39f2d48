import http from 'node:http';

export type Sample = { p50: number; p95: number; p99: number; max: number; n: number };

export function summarize(ms: number[]): Sample {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? Number.NaN, n: sorted.length };
}

export type Reply = { status: number; text: string };

/** A client that keeps its connections, as a browser or a proxy does; fetch would add its own cost to both sides. */
export class Browser {
  private readonly agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  private readonly url: URL;
  private readonly cookie: string;

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

  close(): void {
    this.agent.destroy();
  }
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Runs the candidates in turn, so that whatever else the machine does hits each alike. Answers each one's samples. */
export async function interleaved<K extends string>(candidates: Record<K, () => Promise<unknown>>, rounds: number, warmUp = 200): Promise<Record<K, Sample>> {
  const names = Object.keys(candidates) as K[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = 0; round < warmUp + rounds; round += 1) {
    for (const name of names) {
      const ms = await timed(candidates[name]);
      if (round >= warmUp) samples[name].push(ms);
    }
  }
  return Object.fromEntries(names.map((name) => [name, summarize(samples[name])])) as Record<K, Sample>;
}

/** Requests a second with `clients` of them at once, for `ms` milliseconds. */
export async function throughput(work: () => Promise<unknown>, clients: number, ms: number): Promise<number> {
  const end = performance.now() + ms;
  let done = 0;
  const client = async () => {
    while (performance.now() < end) {
      await work();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return (done / ms) * 1000;
}

export const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
