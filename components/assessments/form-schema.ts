import { zodResolver } from '@hookform/resolvers/zod';
import { z } from 'zod';
import { newAssessmentSchema } from '@/lib/rooms/assessments/schema';
import { draftOf, type FormValues } from './form-draft';

/** The API's own schema, over what stands in the fields. */
const schema = z.custom<FormValues>().transform((values): z.input<typeof newAssessmentSchema> => draftOf(values)).pipe(newAssessmentSchema);

export const check = zodResolver(schema, undefined, { raw: true });
