import 'server-only';
import { cache } from 'react';
import { database } from '@/lib/db/client';
import { inRoute } from '@/lib/db/route';
import { may } from '@/lib/kit/caller';
import { findAssessment } from '@/lib/rooms/assessments/find';
import type { Assessment } from '@/lib/rooms/assessments/schema';
import { currentCaller, foundOr404 } from '@/lib/run/page';

/** The assessment that the address names, read once per request. */
export const assessmentAt = cache((id: unknown): Promise<Assessment> => foundOr404(id, async (known) => JSON.parse(await findAssessment(database(), known)) as Assessment));

/** The name for the browser's title, which those who may not read the page do not get either. */
export async function titleAt(id: unknown): Promise<string> {
  const caller = await currentCaller().catch(() => null);
  if (!caller || !may(caller, 'assessments:read')) return 'Assessment';
  return inRoute('title', '/assessments/[id]', () => assessmentAt(id)).then(({ businessName }) => businessName, () => 'Assessment');
}
