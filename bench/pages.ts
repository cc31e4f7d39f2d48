import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rooms } from '@/lib/run/registry';
import { root } from '@/scripts/supervisor/paths';
import type { Stage } from './stage';

/** Every page of the build, with something that the database has in place of each variable part. */
export async function pagesOf({ connect }: Stage): Promise<string[]> {
  const manifest = JSON.parse(readFileSync(join(root, '.next/app-path-routes-manifest.json'), 'utf8')) as Record<string, string>;
  const routes = Object.entries(manifest).filter(([file, route]) => file.endsWith('/page') && !route.startsWith('/_')).map(([, route]) => route);
  const client = await connect('app');
  const idOf = async (table: string) => (await client.query<{ id: string }>(`select id from ${table} limit 1`)).rows[0]?.id ?? '';
  const ids: Record<string, string> = { assessments: await idOf('risk_assessments'), users: await idOf('users') };
  const own = new Set(routes);
  const filled = routes.flatMap((route) => {
    if (route === '/[room]') return rooms.map(({ path }) => path).filter((path) => !own.has(path));
    const id = ids[route.split('/')[1] ?? ''];
    return id === undefined && route.includes('[') ? [] : [route.replace('[id]', id ?? '')];
  });
  return filled.toSorted();
}
