import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { hashPassword } from '@/lib/auth/passwords';
import { createUser } from '@/lib/auth/users';
import type { Role } from '@/lib/kit/permission';
import { randomPassword, readText, writePrivate } from '../files';
import { people } from './catalog';

const demo: { role: Role; name: string }[] = [
  { role: 'admin', name: 'Demo Administrator' },
  { role: 'dba', name: 'Demo DBA' },
  { role: 'analyst', name: 'Demo Analyst' },
];

const addressOf = (role: Role) => `${role}@riskdesk.example`;

async function idsByEmail(client: pg.ClientBase): Promise<Map<string, string>> {
  const { rows } = await client.query<{ id: string; email: string }>('select id, email from users');
  return new Map(rows.map(({ id, email }) => [email, id]));
}

/** The passwords as the file has them, one account a line. */
export function readAccounts(text: string): Map<string, string> {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  return new Map(lines.flatMap(([email, password]) => (email?.includes('@') && password ? [[email, password]] : [])));
}

/**
 * The three accounts to sign in with. The file comes first: a start that is killed between the two must not leave an
 * account whose password nobody has. @returns their ids
 */
export async function ensureDemoAccounts(client: pg.ClientBase, file: string, unshown: string): Promise<string[]> {
  const kept = readAccounts((await readText(file)) ?? '');
  const present = await idsByEmail(client);
  const missing = demo.filter(({ role }) => !present.has(addressOf(role)));
  if (missing.length > 0) {
    const lines = demo.map(({ role }) => `${addressOf(role).padEnd(28)}${kept.get(addressOf(role)) ?? randomPassword()}`);
    const text = `${lines.join('\n')}\n`;
    await writePrivate(unshown, '');
    await writePrivate(file, text);
    const passwords = readAccounts(text);
    for (const { role, name } of missing) await createUser({ email: addressOf(role), name, role, password: passwords.get(addressOf(role)) ?? randomPassword() });
  }
  const ids = await idsByEmail(client);
  return demo.flatMap(({ role }) => ids.get(addressOf(role)) ?? []);
}

function emailOf(name: string): string {
  const plain = name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return `${plain.replace(/[^a-z]+/g, '.')}@riskdesk.example`;
}

/**
 * Colleagues who have done the work so far. Nobody knows their passwords, and one hash (half a second of a core) serves
 * them all; an administrator can set new ones.
 */
export async function ensurePeople(client: pg.ClientBase): Promise<string[]> {
  const present = await idsByEmail(client);
  const missing = people.filter(({ name }) => !present.has(emailOf(name)));
  const password = missing.length > 0 ? await hashPassword(randomPassword()) : '';
  for (const { name, role } of missing) {
    const id = uuidv7();
    await client.query(
      `with person as (insert into users (id, email, name, role) values ($1, $2, $3, $4) returning id)
       insert into accounts (id, user_id, account_id, provider_id, password) select $5, id, id, 'credential', $6 from person`,
      [id, emailOf(name), name, role, uuidv7(), password],
    );
  }
  const ids = await idsByEmail(client);
  return people.flatMap(({ name }) => ids.get(emailOf(name)) ?? []);
}
