/** What the part of the address behind `#` holds: the browser does not send it, so nothing of it reaches a server or a log. */
export type Held = { sql: string; values: string[] } | { plan: string };

export const statementHash = (sql: string, values: readonly string[] = []): string => {
  const held = new URLSearchParams({ sql });
  for (const value of values) held.append('value', value);
  return `#${held.toString()}`;
};

async function through(bytes: Uint8Array<ArrayBuffer>, stream: CompressionStream | DecompressionStream): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

/** A plan squeezed: JSON of plans repeats itself, and an address has its limits. */
export async function planHash(json: string): Promise<string> {
  const bytes = await through(new TextEncoder().encode(json), new CompressionStream('deflate-raw'));
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `#plan=${btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
}

/** Null where there is nothing, or nothing that can be read. */
export async function heldIn(hash: string): Promise<Held | null> {
  const held = new URLSearchParams(hash.replace(/^#/, ''));
  const sql = held.get('sql');
  if (sql !== null) return { sql, values: held.getAll('value') };
  const plan = held.get('plan');
  if (plan === null) return null;
  try {
    const binary = atob(plan.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (char) => char.codePointAt(0) ?? 0);
    return { plan: new TextDecoder().decode(await through(bytes, new DecompressionStream('deflate-raw'))) };
  } catch {
    return null;
  }
}

/** How many values the statement asks for, for the form; the server counts by parsing. */
export const parametersIn = (sql: string): number => Math.min(50, Math.max(0, ...[...sql.matchAll(/\$(\d{1,3})/g)].map(([, digits]) => Number(digits))));
