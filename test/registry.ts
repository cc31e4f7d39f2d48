import { createServer } from 'node:http';
import { z } from 'zod';
import { startTestServer, type Major, type TestServer } from './cluster';
import { prepareTemplate } from './template';

const requestSchema = z.object({
  major: z.union([z.literal(14), z.literal(15), z.literal(16), z.literal(17), z.literal(18)]),
  settings: z.record(z.string(), z.string().nullable()),
  migrated: z.boolean(),
});

export type SharedRequest = z.infer<typeof requestSchema>;
export const sharedSchema = z.object({ port: z.number(), logFile: z.string(), dataDir: z.string() });
export type Shared = z.infer<typeof sharedSchema>;

/**
 * Servers that several test files use: started when the first one asks, kept until the run ends. The test files run in
 * processes of their own, so they ask over a loopback socket.
 */
export class Registry {
  private readonly servers = new Map<string, Promise<TestServer>>();
  private readonly templates = new Map<string, Promise<void>>();
  private readonly http = createServer(async (request, response) => {
    try {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const { port, logFile, dataDir } = await this.get(requestSchema.parse(JSON.parse(body)));
      response.end(JSON.stringify({ port, logFile, dataDir } satisfies Shared));
    } catch (error) {
      response.statusCode = 500;
      response.end(error instanceof Error ? error.message : String(error));
    }
  });

  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.http.listen(0, '127.0.0.1', () => {
        const address = this.http.address();
        if (address && typeof address === 'object') resolve(`http://127.0.0.1:${address.port}`);
        else reject(new Error('the registry has no port'));
      });
    });
  }

  async get({ major, settings, migrated }: SharedRequest): Promise<TestServer> {
    const key = JSON.stringify([major, Object.entries(settings).toSorted()]);
    const server = await remembered(this.servers, key, () => startTestServer({ major: major satisfies Major, settings }));
    if (migrated) await remembered(this.templates, key, () => prepareTemplate(server.port));
    return server;
  }

  async close(): Promise<void> {
    this.http.close();
    this.http.closeAllConnections();
    const started = await Promise.allSettled(this.servers.values());
    await Promise.all(started.map((server) => (server.status === 'fulfilled' ? server.value.dispose() : undefined)));
  }
}

function remembered<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const made = known.get(key) ?? make();
  known.set(key, made);
  return made;
}
