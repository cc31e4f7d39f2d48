// Written by `npm run rooms` from the folders beside it: do not edit.
import type { Diagnostic } from '@/lib/kit/diagnostic';
import type { Room } from '@/lib/kit/room';
import { room as assessmentsRoom } from './assessments/room';
import { room as authRoom } from './auth/room';
import { room as maintenanceRoom } from './maintenance/room';
import { room as plansRoom } from './plans/room';
import { room as poolRoom } from './pool/room';
import { app as poolApp } from './pool/app.diagnostic';
import { room as queriesRoom } from './queries/room';
import { slow as queriesSlow } from './queries/slow.diagnostic';

export const declared: { room: Room; diagnostics: Diagnostic[] }[] = [
  { room: assessmentsRoom, diagnostics: [] },
  { room: authRoom, diagnostics: [] },
  { room: maintenanceRoom, diagnostics: [] },
  { room: plansRoom, diagnostics: [] },
  { room: poolRoom, diagnostics: [poolApp] },
  { room: queriesRoom, diagnostics: [queriesSlow] },
];
