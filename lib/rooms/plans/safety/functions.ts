import { firstOwnOid, type FunctionRow } from './catalog';
import type { Mode, Refusal } from './statement';

/** Extensions whose C functions do what they declare; one that is not volatile reads and computes only. */
export const trustedExtensions = [
  'btree_gin', 'btree_gist', 'citext', 'cube', 'earthdistance', 'fuzzystrmatch', 'hstore', 'intarray', 'isn', 'ltree', 'pg_trgm', 'pgcrypto', 'postgis', 'postgis_raster', 'seg', 'unaccent', 'uuid-ossp', 'vector',
];

/** Volatile because two calls differ, not because they leave anything behind. */
const harmlessVolatile = new Set(['random', 'random_normal', 'gen_random_uuid', 'uuidv4', 'uuidv7', 'clock_timestamp', 'timeofday']);

/** Declared stable, and yet they run queries of other objects, run the checks of any type by its name, or take a transaction id. */
const deceptive = new Set([
  'table_to_xml', 'table_to_xmlschema', 'table_to_xml_and_xmlschema', 'schema_to_xml', 'schema_to_xmlschema', 'schema_to_xml_and_xmlschema', 'database_to_xml', 'database_to_xmlschema', 'database_to_xml_and_xmlschema',
  'cursor_to_xml', 'cursor_to_xmlschema', 'query_to_xml', 'query_to_xmlschema', 'query_to_xml_and_xmlschema',
  'pg_input_is_valid', 'pg_input_error_info', 'txid_current', 'pg_current_xact_id',
]);

const refusal = (code: Refusal['code'], says: string): Refusal => ({ code, says });

/** Whether a call may be in a statement. `follow`: what its body calls decides. */
export function judge(row: FunctionRow, mode: Mode, calledByName: boolean): Refusal | 'fine' | 'follow' {
  if (row.oid < firstOwnOid) return judgeBuiltIn(row, mode, calledByName);
  const name = `${row.schema}.${row.name}`;
  if (row.language === 'c' && row.extension !== null && trustedExtensions.includes(row.extension) && row.volatility !== 'v') return 'follow';
  const never = mode === 'plans' && (row.volatility === 'v' || row.kind === 'a' || row.kind === 'w');
  // A function in SQL may be put in the place of its call, whatever it is declared as.
  if (never && row.language !== 'sql') return 'follow';
  if (row.volatility === 'v' && mode === 'runs') return refusal('volatile', `The function ${name} is volatile: it may change something each time it is called.`);
  if (row.language === 'sql' && row.kind === 'f' && row.trees.some((tree) => tree.includes('{QUERY'))) return 'follow';
  return refusal('unproven', mode === 'runs' ? `What the function ${name} (${row.language}) does cannot be proved from here.` : `Planning can call ${name} (${row.language}, not volatile), and what it does cannot be proved from here.`);
}

function judgeBuiltIn({ name, volatility, internal }: FunctionRow, mode: Mode, calledByName: boolean): Refusal | 'fine' {
  if (!calledByName && internal) return 'fine';
  if (deceptive.has(name)) return refusal('volatile', `${name} does more than it declares: it reads other objects by name, or takes a transaction id.`);
  if (internal) return refusal('unproven', `${name} belongs to the inside of a type and can run the checks of any domain.`);
  if (volatility === 'v' && mode === 'runs' && !harmlessVolatile.has(name)) return refusal('volatile', `${name} is volatile: it can change something, on the server or in this session.`);
  return 'fine';
}
