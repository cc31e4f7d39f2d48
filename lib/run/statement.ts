import 'server-only';
import type { Diagnostic, ServerFacts } from '@/lib/kit/diagnostic';
import type { Row } from '@/lib/kit/result';
import { and, ident, join, keyword, likePattern, marker, or, sql, type SQL } from '@/lib/pg/sql';
import type { Question } from './question';
import type { Registered } from './registry';

type Asked = Pick<Registered, 'id' | 'diagnostic'>;

/** Rows that findings are made of at most: nobody acts on more of one kind. */
export const mostJudged = 1000;

/** What tells the rows shown from those that findings are made of. */
const shownColumn = 'riskdesk_shown';

/** The statement as it is sent where rows are all that is wanted: the declaration's SQL with search, order and limit around it. */
export function statementOf(entry: Asked, question: Question, server: ServerFacts): SQL | null {
  const from = sourceOf(entry, question, server);
  if (!from) return null;
  const { id, diagnostic: { key } } = entry;
  const { late, chosen } = from;
  const arranging = arrange(question.sort, key, question.limit + 1);
  if (!late) return sql`${chosen} ${arranging}`;
  return sql`with shown as materialized (${needsAll(late, question.sort) ? chosen : sql`${chosen} ${arranging}`}), added as materialized (${late.sql(sql`select ${ident(late.by)} from shown`)})
    select ${marker(id)} d.* from (${withLate(sql`shown`, late)}) d ${arranging}`;
}

/**
 * The same together with the rows that findings are made of: where there are more rows than are shown, the findings are those of all of them, in the default order, so that the
 * worst come first. The declaration's SQL runs once for both.
 */
export function judgedStatementOf(entry: Asked, question: Question, server: ServerFacts): SQL | null {
  const from = sourceOf(entry, question, server);
  if (!from) return null;
  const { id, diagnostic } = entry;
  const { late, chosen, alarm } = from;
  const ordered = arrange(question.sort, diagnostic.key, question.limit + 1);
  const early = late && (needsAll(late, question.sort) || needsAll(late, diagnostic.sort));
  // Where findings alone are wanted, nothing is added to rows that can give none.
  const every = question.judgeOnly ? sql`select d.* from (${chosen}) d where ${alarm}` : chosen;
  const whole = early
    ? sql`every as materialized (${every}), added as materialized (${late.sql(sql`select ${ident(late.by)} from every`)}), whole as materialized (${withLate(sql`every`, late)})`
    : sql`whole as materialized (${chosen})`;
  const shown = question.judgeOnly ? sql`select d.* from whole d limit 0` : sql`select d.* from whole d ${ordered}`;
  const enough = question.judgeOnly ? sql`true` : sql`(select count(*) from shown) > ${question.limit}`;
  const judged = sql`select d.* from whole d where ${and([alarm, enough])} ${arrange(diagnostic.sort, diagnostic.key, mostJudged + 1)}`;
  const adding = late && !early ? sql`, added as materialized (${late.sql(sql`select ${ident(late.by)} from shown union select ${ident(late.by)} from judged`)})` : sql``;
  const part = (name: SQL) => (late && !early ? withLate(name, late) : sql`select * from ${name}`);
  return sql`with ${whole}, shown as materialized (${shown}), judged as materialized (${judged})${adding}
    select ${marker(id)} * from (
      (select d.*, true as ${ident(shownColumn)} from (${part(sql`shown`)}) d ${ordered})
      union all
      (select d.*, false from (${part(sql`judged`)}) d ${arrange(diagnostic.sort, diagnostic.key, mostJudged + 1)})
    ) d`;
}

/** Without a part of their own the rows shown are all there are. */
export function partsOf(found: Row[], judges: boolean): { rows: Row[]; judged: Row[] } {
  if (!judges) return { rows: found, judged: found };
  const [rows, judged]: [Row[], Row[]] = [[], []];
  for (const { [shownColumn]: shown, ...row } of found) (shown ? rows : judged).push(row);
  return { rows, judged: judged.length > 0 || rows.length === 0 ? judged : rows };
}

type Late = { by: string; columns: string[]; sql: (shown: SQL) => SQL };

function sourceOf({ id, diagnostic }: Asked, { q, params }: Question, server: ServerFacts): { chosen: SQL; alarm: SQL; late: Late | undefined } | null {
  if (diagnostic.source !== 'sql') return null;
  const builder = pickByMajor(diagnostic.sql, server.major);
  if (!builder) return null;
  const { search, late, alarm } = diagnostic;
  const context = { params: params as never, server };
  const found = q && search ? or(search.map((column) => sql`d.${ident(column)} ilike ${likePattern(q)}`)) : sql`true`;
  return { chosen: sql`select ${marker(id)} d.* from (${builder(context)}) d where ${found}`, alarm: alarm ? alarm(context) : sql`true`, late };
}

const needsAll = (late: Late, sort: string): boolean => late.columns.includes(columnOf(sort));

function withLate(name: SQL, late: Late): SQL {
  const columns = join(late.columns.map((column) => sql`added.${ident(column)}`), sql`, `);
  return sql`select s.*, ${columns} from ${name} s left join added on added.${ident(late.by)} = s.${ident(late.by)}`;
}

export const columnOf = (sort: string): string => sort.replace(/^-/, '');

/** The newest SQL whose minimum major this server has. */
function pickByMajor<T>(byMajor: Record<number, T>, major: number): T | undefined {
  const fitting = Object.keys(byMajor).map(Number).filter((minimum) => minimum <= major);
  return fitting.length === 0 ? undefined : byMajor[Math.max(...fitting)];
}

function arrange(sort: string, key: Diagnostic['key'], limit: number): SQL {
  const column = columnOf(sort);
  const direction = keyword(sort.startsWith('-') ? 'desc' : 'asc');
  const rest = key.filter((other) => other !== column).map((other) => sql`d.${ident(other)}`);
  return sql`order by ${join([sql`d.${ident(column)} ${direction} ${keyword('nulls last')}`, ...rest], sql`, `)} limit ${limit}`;
}
