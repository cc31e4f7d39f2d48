// Written by `npm run rooms` from the folders beside it: do not edit.
import type { Diagnostic } from '@/lib/kit/diagnostic';
import type { Room } from '@/lib/kit/room';
import { room as assessmentsRoom } from './assessments/room';
import { room as authRoom } from './auth/room';
import { room as indexesRoom } from './indexes/room';
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
  { room: indexesRoom, diagnostics: [indexesRedundant, indexesUnused, indexesUsage] },
  { room: maintenanceRoom, diagnostics: [] },
  { room: poolRoom, diagnostics: [poolApp] },
  { room: queriesRoom, diagnostics: [queriesSlow] },
];
