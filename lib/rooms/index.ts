// Written by `npm run rooms` from the folders beside it: do not edit.
import type { Diagnostic } from '@/lib/kit/diagnostic';
import type { Room } from '@/lib/kit/room';
import { room as assessmentsRoom } from './assessments/room';
import { room as authRoom } from './auth/room';
import { room as indexesRoom } from './indexes/room';
import { bloat as indexesBloat } from './indexes/bloat.diagnostic';
import { hot as indexesHot } from './indexes/hot.diagnostic';
import { invalid as indexesInvalid } from './indexes/invalid.diagnostic';
import { lowUse as indexesLowUse } from './indexes/low-use.diagnostic';
import { missingFk as indexesMissingFk } from './indexes/missing-fk.diagnostic';
import { nullKeys as indexesNullKeys } from './indexes/null-keys.diagnostic';
import { partitionGaps as indexesPartitionGaps } from './indexes/partition-gaps.diagnostic';
import { redundant as indexesRedundant } from './indexes/redundant.diagnostic';
import { unused as indexesUnused } from './indexes/unused.diagnostic';
import { usage as indexesUsage } from './indexes/usage.diagnostic';
import { room as maintenanceRoom } from './maintenance/room';
import { room as poolRoom } from './pool/room';
import { app as poolApp } from './pool/app.diagnostic';
import { room as queriesRoom } from './queries/room';
import { slow as queriesSlow } from './queries/slow.diagnostic';

export const declared: { room: Room; diagnostics: Diagnostic[] }[] = [
  { room: assessmentsRoom, diagnostics: [] },
  { room: authRoom, diagnostics: [] },
  { room: indexesRoom, diagnostics: [indexesBloat, indexesHot, indexesInvalid, indexesLowUse, indexesMissingFk, indexesNullKeys, indexesPartitionGaps, indexesRedundant, indexesUnused, indexesUsage] },
  { room: maintenanceRoom, diagnostics: [] },
  { room: poolRoom, diagnostics: [poolApp] },
  { room: queriesRoom, diagnostics: [queriesSlow] },
];
