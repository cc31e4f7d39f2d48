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
import { calls as queriesCalls } from './queries/calls.diagnostic';
import { io as queriesIo } from './queries/io.diagnostic';
import { n_plus_one as queriesN_plus_one } from './queries/n_plus_one.diagnostic';
import { running as queriesRunning } from './queries/running.diagnostic';
import { slow as queriesSlow } from './queries/slow.diagnostic';
import { temp as queriesTemp } from './queries/temp.diagnostic';
import { total as queriesTotal } from './queries/total.diagnostic';

export const declared: { room: Room; diagnostics: Diagnostic[] }[] = [
  { room: assessmentsRoom, diagnostics: [] },
  { room: authRoom, diagnostics: [] },
  { room: maintenanceRoom, diagnostics: [] },
  { room: plansRoom, diagnostics: [] },
  { room: poolRoom, diagnostics: [poolApp] },
  { room: queriesRoom, diagnostics: [queriesCalls, queriesIo, queriesN_plus_one, queriesRunning, queriesSlow, queriesTemp, queriesTotal] },
];
