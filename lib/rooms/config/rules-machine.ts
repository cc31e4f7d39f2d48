import { GiB, MiB } from '@/lib/units';
import { asSetting, change, consider, fine, manual, notKnown, numberOf, pgtune, shownOf, sizeOf, type Rule, type Situation } from './advice';
import { checkpoints } from './rules-safety';

const state = (what: string): string => `State ${what}: SQL cannot ask for it.`;

const withRam = (origin: string, rule: Rule): Rule => (situation, setting) => (situation.ram > 0 ? rule(situation, setting) : notKnown(state('the memory'), origin));
const withCpus = (rule: Rule): Rule => (situation, setting) => (situation.cpus > 0 ? rule(situation, setting) : notKnown(state('the processors'), pgtune));

const sharedBuffers: Rule = ({ ram }, setting) => {
  const now = sizeOf(setting);
  const advised = asSetting(ram / 4);
  if (now > ram * 0.4) return change('warning', advised, 'More than two fifths of the memory: what PostgreSQL keeps here the system’s cache keeps too, and work_mem and connections need room.', manual);
  if (now < ram * 0.15) return change('info', advised, 'A quarter of the memory of a machine that PostgreSQL has for itself.', manual);
  return fine('Near a quarter of the memory.', manual);
};

const cacheSize: Rule = ({ ram }, setting) => {
  const now = sizeOf(setting);
  const advised = asSetting(ram * 0.75);
  if (now > ram) return change('warning', advised, 'The planner is told of more cache than there is memory, and prefers index scans that then read from disk. It allocates nothing.', manual);
  if (now < ram * 0.4) return change('info', advised, 'What PostgreSQL and the system together can cache; the planner prefers indexes with more. It allocates nothing.', pgtune);
  return fine('Between half and three quarters of the memory is usual.', pgtune);
};

/** Less than the default serves nobody: then there are too many connections. */
const leastWorkMem = 4 * MiB;

const hashMultiplier = (settings: Situation['settings']): number => Math.max(1, numberOf(settings.get('hash_mem_multiplier')));

/** What all sessions could take at once: it rarely comes to that, and then the system ends a process. */
const workMem: Rule = ({ ram, settings, workload }, setting) => {
  const [shared, connections, workers] = [sizeOf(settings.get('shared_buffers')), numberOf(settings.get('max_connections')), numberOf(settings.get('max_worker_processes'))];
  const multiplier = hashMultiplier(settings);
  const share = (ram - shared) / ((connections + workers) * 3);
  const advised = Math.max(leastWorkMem, workload === 'dw' || workload === 'mixed' ? share / 2 : share);
  const formula = `(memory − shared_buffers) ÷ ((${connections} connections + ${workers} workers) × 3)`;
  const most = connections * sizeOf(setting) * multiplier;
  if (most > ram - shared) {
    if (sizeOf(setting) <= advised) return fine(`It is no more than a sort or hash needs. All ${connections} connections with one each may take ${asSetting(most)}, more than is left beside shared_buffers: see max_connections.`, pgtune);
    return change('warning', asSetting(advised), `${connections} connections with one sort or hash each may take ${asSetting(most)} (hash_mem_multiplier ${multiplier}), more than is left beside shared_buffers. Set it for the roles that need it.`, pgtune);
  }
  return sizeOf(setting) * 4 < advised ? consider(asSetting(advised), `${formula}: for each sort and hash, and up to ${multiplier} times as much for a hash.`, pgtune) : fine(`By ${formula} it could be ${asSetting(advised)}.`, pgtune);
};

const maintenanceMemory: Rule = ({ ram, workload, settings }, setting) => {
  const advised = Math.min(8 * GiB, ram / (workload === 'dw' ? 8 : 16));
  const workers = numberOf(settings.get('autovacuum_max_workers'));
  const own = numberOf(settings.get('autovacuum_work_mem')) < 0 ? ` Each of ${workers} autovacuum workers takes it too unless autovacuum_work_mem is set.` : '';
  if (sizeOf(setting) > ram / 4) return change('warning', asSetting(advised), `A single index build or vacuum may take more than a quarter of the memory.${own}`, pgtune);
  return sizeOf(setting) < advised / 2 ? consider(asSetting(advised), `Index builds and vacuum need fewer passes.${own}`, pgtune) : fine(`Enough for index builds and vacuum.${own}`, pgtune);
};

const pageCost: Rule = ({ disk }, { raw }) => {
  if (disk === 'unknown') return notKnown(state('the disk'), manual);
  if (disk === 'hdd') return Number(raw) < 2 ? consider('4', 'A disk with heads reads at random many times slower than in order; lower is right where all of the data is cached.', manual) : fine('Right for a disk with heads.', manual);
  return Number(raw) > 2 ? change('info', '1.1', 'An SSD reads at random almost as fast as in order: with 4 the planner shuns indexes that would be faster.', pgtune) : fine('Right for an SSD.', pgtune);
};

/** In 18 it came to mean something else, with a default of 16. */
const ioConcurrency: Rule = ({ major, disk }, setting) => {
  if (major >= 18) return fine('18 reads ahead by itself (io_method) with 16 by default: raise it only after measuring.', manual);
  if (disk === 'unknown') return notKnown(state('the disk'), pgtune);
  const wanted = disk === 'ssd' ? 200 : 2;
  return numberOf(setting) < wanted / 2 ? consider(String(wanted), 'How far bitmap scans read ahead; on Linux only.', pgtune) : fine('Bitmap scans read ahead.', pgtune);
};

const walSizes: Record<string, [number, number]> = { web: [1, 4], oltp: [2, 8], dw: [4, 16], mixed: [1, 4] };

/** More than max_wal_size is never kept. */
const minWal: Rule = ({ workload, settings }, setting) => {
  const [least] = walSizes[workload] ?? [];
  if (least === undefined) return notKnown('State the workload.', pgtune);
  const most = sizeOf(settings.get('max_wal_size'));
  const advised = Math.min(least * GiB, most);
  const bounded = advised < least * GiB ? ` With a larger max_wal_size it could be ${least}GB.` : '';
  return sizeOf(setting) < advised ? consider(asSetting(advised), `WAL files are used again rather than made anew.${bounded}`, pgtune) : fine(`Enough files are kept for use again.${bounded}`, pgtune);
};

/** What is measured comes first. */
const maxWal: Rule = (situation, setting) => {
  const found = checkpoints(situation, setting);
  const [, most] = walSizes[situation.workload] ?? [];
  if (found.verdict === 'change' || most === undefined || sizeOf(setting) >= most * GiB) return found;
  return consider(`${most}GB`, `Rows that are changed often are written to the WAL whole less often. It takes that much of the disk, and makes recovery after a crash longer. ${found.why}`, pgtune);
};

const connections: Rule = ({ ram, settings }, setting) => {
  const now = numberOf(setting);
  const fitting = connectionsFor(ram, settings);
  if (fitting !== null && now > fitting) {
    return change('warning', String(fitting), `Even with work_mem at ${asSetting(leastWorkMem)}, ${now} connections with one sort or hash each may take more than is left beside shared_buffers. Each costs memory besides: a pooler before the server does more. A standby needs at least as many as its primary.`, pgtune);
  }
  return now > 500 ? consider('200', 'Each connection costs memory, and every snapshot looks at all that are busy: a pooler before the server does more. A standby needs at least as many as its primary.', manual) : fine('See Pool sizing for what fits.', manual);
};

/** How many can have the least of work_mem beside shared_buffers, in tens; null where that is not known, or shared_buffers alone is too much. */
function connectionsFor(ram: number, settings: Situation['settings']): number | null {
  const left = ram - sizeOf(settings.get('shared_buffers'));
  return ram === 0 || left < ram / 2 ? null : Math.max(20, Math.floor(left / (leastWorkMem * hashMultiplier(settings)) / 10) * 10);
}

const statisticsTarget: Rule = ({ workload }, setting) =>
  workload === 'dw' && numberOf(setting) < 500 ? consider('500', 'Large tables that are filtered in many ways need finer statistics; ANALYZE and planning take longer.', pgtune) : fine('Raise it for single columns where estimates are wrong.', pgtune);

const workers: Rule = ({ cpus }, setting) => {
  const now = numberOf(setting);
  if (now > Math.max(8, cpus * 4)) return consider(String(Math.max(8, cpus)), `${cpus} processors do not run so many at once.`, pgtune);
  return now < cpus ? consider(String(cpus), 'One for each processor; extensions and logical replication take theirs from here too.', pgtune) : fine(`Enough for ${cpus} processors.`, pgtune);
};

const parallel: Rule = ({ cpus }, setting) => (numberOf(setting) > Math.max(8, cpus) ? consider(String(cpus), `More workers than ${cpus} processors can run.`, pgtune) : fine(`${shownOf(setting)} of max_worker_processes may help statements.`, pgtune));

/** What depends on the machine and on what it is used for, by setting. */
export const machine: Record<string, Rule> = {
  shared_buffers: withRam(manual, sharedBuffers),
  effective_cache_size: withRam(pgtune, cacheSize),
  work_mem: withRam(pgtune, workMem),
  maintenance_work_mem: withRam(pgtune, maintenanceMemory),
  random_page_cost: pageCost,
  effective_io_concurrency: ioConcurrency,
  min_wal_size: minWal,
  max_wal_size: maxWal,
  max_connections: connections,
  default_statistics_target: statisticsTarget,
  max_worker_processes: withCpus(workers),
  max_parallel_workers: withCpus(parallel),
};

/** Settings that rules look at beside their own. */
export const lookedAt = ['hash_mem_multiplier', 'autovacuum_max_workers', 'autovacuum_work_mem'];

