import 'server-only';
import { notFound } from 'next/navigation';
import { cache } from 'react';
import { database } from '@/lib/db/client';
import { AppError } from '@/lib/errors';
import { may } from '@/lib/kit/caller';
import { findAssessment } from '@/lib/rooms/assessments/find';
import { idParams, type Assessment } from '@/lib/rooms/assessments/schema';
import { currentCaller } from '@/lib/run/page';

/** The assessment that the address names, read once per request. An id that is none is nobody's either. */
export const assessmentAt = cache(async (id: unknown): Promise<Assessment> => {
  const parsed = idParams.safeParse({ id });
  if (!parsed.success) notFound();
  try {
    return JSON.parse(await findAssessment(database(), parsed.data.id)) as Assessment;
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound();
    throw error;
  }
});

/** The name for the browser's title, which those who may not read the page do not get either. */
export async function titleAt(id: unknown): Promise<string> {
  const caller = await currentCaller().catch(() => null);
  if (!caller || !may(caller, 'assessments:read')) return 'Assessment';
  return assessmentAt(id).then(({ businessName }) => businessName, () => 'Assessment');
}
