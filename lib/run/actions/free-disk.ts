import 'server-only';
import { readFile, statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Place } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { array, sql } from '@/lib/pg/sql';

type Seen = { pid: number; started: number; data: string | null; places: string[] };

/**
 * Bytes that are free where a plan needs them; null where that is not known. PostgreSQL itself cannot say: it is asked of the operating system, where the server
 * runs on the console's own machine and all of it goes to one directory.
 */
export async function freeDisk(ask: Ask, place: Place): Promise<number | null> {
  const spaces = 'tablespace' in place
    ? sql`select coalesce((select s.oid from pg_tablespace s where s.spcname = nullif(${place.tablespace}, '')), d.dattablespace) as oid`
    : sql`select coalesce(nullif(c.reltablespace, 0), d.dattablespace) as oid from pg_class c
        where c.relkind in ('r', 'm', 'i', 't') and (c.oid = any (of.oids) or c.oid in (select i.indexrelid from pg_index i where i.indrelid = any (of.oids)) or c.oid in (select p.relid from unnest(of.oids) o(oid) cross join lateral pg_partition_tree(o.oid) p))`;
  const [seen] = await ask<Seen>(sql`
    select a.pid, extract(epoch from a.backend_start)::float8 as started, (select setting from pg_settings where name = 'data_directory') as data,
      array(select distinct pg_tablespace_location(s.oid) from (${spaces}) s) as places
    from pg_stat_activity a join pg_database d on d.oid = a.datid cross join (select ${array('relations' in place ? place.relations : [])}::oid[] as oids) of where a.pid = pg_backend_pid()`);
  if (!seen || seen.data === null || seen.places.length !== 1 || !(await runsHere(seen))) return null;
  const found = await statfs(resolve(seen.data, seen.places[0] ?? '')).catch(() => null);
  return found && found.bavail * found.bsize;
}

/** Linux counts the age of processes in hundredths of a second. */
const ticks = 100;

/** Whether the server's process for this very session is one of this machine: its number alone would say nothing, since another machine has that one too. */
async function runsHere({ pid, started }: Seen): Promise<boolean> {
  const [process, machine] = await Promise.all([`/proc/${pid}/stat`, '/proc/stat'].map((file) => readFile(file, 'utf8').catch(() => '')));
  const fields = / \(postgres\) (.*)$/.exec(process?.trim() ?? '')?.[1]?.split(' ');
  const booted = /^btime (\d+)$/m.exec(machine ?? '')?.[1];
  return fields !== undefined && booted !== undefined && Math.abs(Number(booted) + Number(fields[19]) / ticks - started) <= 2;
}
