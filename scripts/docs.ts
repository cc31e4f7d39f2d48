import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ask, Diagnostic, ServerFacts, Show } from '@/lib/kit/diagnostic';
import type { Planner } from '@/lib/kit/planner';
import { columnViews } from '@/lib/kit/column';
import { render } from '@/lib/pg/sql';
import { actions, type RegisteredAction } from '@/lib/run/actions/registry';
import { diagnostics, rooms, viewOf, type Registered } from '@/lib/run/registry';
import { questionSchema, type Question } from '@/lib/run/question';
import { statementOf } from '@/lib/run/statement';

/**
 * Writes docs/rooms/<room>.md from the declarations: columns, parameters, findings and the SQL that runs, for each
 * supported major where it differs. A test says when the files are out of date.
 */
export const docsFolder = join(import.meta.dirname, '../docs/rooms');
const majors = [14, 15, 16, 17, 18];

function typicalServer(major: number): ServerFacts {
  const version = { 14: '1.9', 15: '1.10', 16: '1.10', 17: '1.11' }[major] ?? '1.12';
  return {
    major, versionNum: major * 10_000, inRecovery: false, user: 'riskdesk_monitor', isSuperuser: false, isMonitor: true,
    extensions: new Map([['pg_stat_statements', { version, schema: 'public' }], ['pgstattuple', { version: '1.5', schema: 'public' }]]),
    settings: new Map(),
  };
}

async function sqlByMajor(entry: Registered): Promise<string> {
  const { target, limit, sort, q, ...params } = questionSchema(entry.diagnostic).parse({}) as Omit<Question, 'params'> & Record<string, unknown>;
  const texts = new Map<string, number[]>();
  for (const major of majors) {
    const text = await sqlOn(typicalServer(major), entry, { target, limit, sort, q, params });
    texts.set(text, [...(texts.get(text) ?? []), major]);
  }
  return [...texts].map(([text, list]) => `PostgreSQL ${list.join(', ')}:\n\n\`\`\`sql\n${text}\n\`\`\``).join('\n\n');
}

/** A program's statements are those that it asks where each finds nothing: what more it would ask depends on the answers. */
async function sqlOn(server: ServerFacts, entry: Registered, question: Question): Promise<string> {
  const { diagnostic } = entry;
  if (diagnostic.source !== 'facts') {
    const statement = statementOf(entry, question, server);
    return statement ? render(statement).text : 'not available';
  }
  const texts: string[] = [];
  const ask: Ask = async (statement) => {
    texts.push(render(statement).text.trim());
    return [];
  };
  const planner: Planner = { admit: async () => {}, plan: async () => ({ refused: { code: 'docs', says: 'No server is asked.' } }), attempt: (work) => work() };
  await diagnostic.read(ask, { params: question.params as never, server, planner });
  return texts.join(';\n\n');
}

async function sourceOf(entry: Registered): Promise<string> {
  switch (entry.diagnostic.source) {
    case 'process':
      return '**Source.** The process of this console; no server is asked.';
    case 'history':
      return `**Source.** Samples of \`${entry.room.name}.${entry.diagnostic.of}\` that this console keeps in its own database, and that question asked now.`;
    case 'pgbouncer':
      return `**Source.** The admin console of the PgBouncer that \`PGBOUNCER_URL\` names: ${(await commandsOf(entry.diagnostic)).map((what) => `\`SHOW ${what}\``).join(', ')}.`;
    default:
      return `**SQL**\n\n${await sqlByMajor(entry)}`;
  }
}

async function commandsOf(diagnostic: Extract<Diagnostic, { source: 'pgbouncer' }>): Promise<string[]> {
  const commands: string[] = [];
  const show: Show = async (what) => {
    commands.push(what);
    return [];
  };
  const { params } = diagnostic;
  const defaults = Object.fromEntries(Object.entries(params).map(([key, { default: fallback, schema }]) => [key, schema.parse(fallback)]));
  await diagnostic.read(show, { params: defaults as never, server: async () => null });
  return commands;
}

const escapeCell = (text: string) => text.replaceAll('|', '\\|');

async function describe(entry: Registered): Promise<string> {
  const { diagnostic } = entry;
  const view = viewOf(entry);
  const columns = view.columns.map((column) => `| \`${column.key}\` | ${escapeCell(column.label)} | ${column.unit}${column.nullable ? ', may be unknown' : ''} | ${escapeCell(column.note ?? '')} |`);
  const params = view.params.map((param) => `- \`${param.key}\` (${param.kind}): ${param.label}; default \`${param.default}\``);
  const codes = Object.entries(diagnostic.codes).map(([code, says]) => `- \`${code}\`: ${says}`);
  const context = columnViews(diagnostic.context?.row ?? {}).map((column) => `- \`${column.key}\`: ${column.label}${column.note ? `. ${column.note}` : ''}`);
  return [
    `## ${diagnostic.title}`,
    `\`GET /api/${entry.room.name}/${diagnostic.name}\`, permission \`${diagnostic.permission}\``,
    diagnostic.why,
    `**How it is obtained.** ${diagnostic.how}`,
    diagnostic.concerns ? `**About one thing**, which \`${diagnostic.concerns}\` names; it stands on that thing’s page and not on the overview.` : '',
    diagnostic.sample ? `**Kept over time.** Every ${diagnostic.sample.everyMinutes} minutes, for ${diagnostic.sample.keepDays} days: ${diagnostic.sample.values.map((key) => `\`${key}\``).join(', ')} of the first thousand rows.` : '',
    diagnostic.onDemand ? `**On demand only.** ${diagnostic.onDemand}` : '',
    params.length > 0 ? `**Parameters**\n\n${params.join('\n')}` : '',
    `**Columns** (default order \`${diagnostic.sort}\`)\n\n| key | heading | unit | note |\n|---|---|---|---|\n${columns.join('\n')}`,
    context.length > 0 ? `**About the whole**\n\n${context.join('\n')}` : '',
    codes.length > 0 ? `**Findings**\n\n${codes.join('\n')}` : '',
    await sourceOf(entry),
  ].filter(Boolean).join('\n\n');
}

function describeAction({ id, room, action }: RegisteredAction): string {
  const params = Object.entries(action.params).map(([key, { label, kind, default: fallback, choices }]) => `- \`${key}\` (${choices ? choices.join(' or ') : kind}): ${label}${fallback === '' ? '' : `; default \`${fallback}\``}`);
  return [
    `## Action: ${action.title}`,
    `\`POST /api/${room.name}/${action.name}\` (\`${id}\`), permission \`${action.permission}\`, risk: ${action.risk}`,
    action.about,
    `**Who waits.** ${action.blocks}`,
    `**Parameters**\n\n${params.join('\n')}`,
  ].join('\n\n');
}

/** File name → text of every room that has diagnostics or actions. */
export async function roomDocs(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const room of rooms) {
    const entries = [...diagnostics.values()].filter((entry) => entry.room.name === room.name);
    const done = [...actions.values()].filter((entry) => entry.room.name === room.name);
    if (entries.length + done.length === 0) continue;
    const head = `<!-- Written by \`npm run docs\` from the declarations: do not edit. -->\n\n# ${room.title}\n\n${room.about}.`;
    files.set(`${room.name}.md`, `${[head, ...(await Promise.all(entries.map(describe))), ...done.map(describeAction)].join('\n\n')}\n`);
  }
  return files;
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(docsFolder, { recursive: true });
  for (const [name, text] of await roomDocs()) writeFileSync(join(docsFolder, name), text);
}
