import pg from 'pg';
import { afterAll } from 'vitest';
import type { startProductServer } from './server';

/** The product in this process on a server that this file may stop, fill or kill; all of it is ended with the file. What uses the product comes after it. */
export function useProduct(server: Awaited<ReturnType<typeof startProductServer>>) {
  Object.assign(process.env, server.env);
  const clients: pg.Client[] = [];
  const connect = async (url: string): Promise<pg.Client> => {
    const client = new pg.Client(url);
    // The server may go away under it; whoever then uses it is told.
    client.on('error', () => {});
    await client.connect();
    clients.push(client);
    return client;
  };
  // Hooks end in the order of a stack: the runner first.
  afterAll(async () => {
    await (await import('@/lib/db/client')).closeDatabase();
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
    await server.dispose();
  });
  return { connect, owner: () => connect(server.env['DB_MAINTENANCE_URL'] ?? '') };
}
