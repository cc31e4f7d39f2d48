// Written by `npm run rooms` from the folders beside it: do not edit.
import type { Diagnostic } from '@/lib/kit/diagnostic';
import type { Room } from '@/lib/kit/room';
import { room as assessmentsRoom } from './assessments/room';
import { room as authRoom } from './auth/room';
import { room as maintenanceRoom } from './maintenance/room';
import { room as partitionsRoom } from './partitions/room';
import { archive as partitionsArchive } from './partitions/archive.diagnostic';
import { defaultRows as partitionsDefaultRows } from './partitions/default-rows.diagnostic';
import { detached as partitionsDetached } from './partitions/detached.diagnostic';
import { hashBalance as partitionsHashBalance } from './partitions/hash-balance.diagnostic';
import { list as partitionsList } from './partitions/list.diagnostic';
import { runway as partitionsRunway } from './partitions/runway.diagnostic';
import { tables as partitionsTables } from './partitions/tables.diagnostic';
import { room as poolRoom } from './pool/room';
import { app as poolApp } from './pool/app.diagnostic';
import { room as queriesRoom } from './queries/room';
import { slow as queriesSlow } from './queries/slow.diagnostic';
import { room as tablesRoom } from './tables/room';
import { bloatExact as tablesBloatExact } from './tables/bloat-exact.diagnostic';
import { bloat as tablesBloat } from './tables/bloat.diagnostic';
import { freeze as tablesFreeze } from './tables/freeze.diagnostic';
import { horizon as tablesHorizon } from './tables/horizon.diagnostic';
import { hygiene as tablesHygiene } from './tables/hygiene.diagnostic';
import { sequences as tablesSequences } from './tables/sequences.diagnostic';
import { size as tablesSize } from './tables/size.diagnostic';
import { staleStatistics as tablesStaleStatistics } from './tables/stale-statistics.diagnostic';
import { vacuum as tablesVacuum } from './tables/vacuum.diagnostic';

export const declared: { room: Room; diagnostics: Diagnostic[] }[] = [
  { room: assessmentsRoom, diagnostics: [] },
  { room: authRoom, diagnostics: [] },
  { room: maintenanceRoom, diagnostics: [] },
  { room: partitionsRoom, diagnostics: [partitionsArchive, partitionsDefaultRows, partitionsDetached, partitionsHashBalance, partitionsList, partitionsRunway, partitionsTables] },
  { room: poolRoom, diagnostics: [poolApp] },
  { room: queriesRoom, diagnostics: [queriesSlow] },
  { room: tablesRoom, diagnostics: [tablesBloatExact, tablesBloat, tablesFreeze, tablesHorizon, tablesHygiene, tablesSequences, tablesSize, tablesStaleStatistics, tablesVacuum] },
];
