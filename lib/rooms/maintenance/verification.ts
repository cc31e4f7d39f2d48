import { z } from 'zod';

export const badEntrySchema = z.object({
  position: z.number().describe('Of the first entry that is not as it was written'),
  id: z.number().nullable().describe('The row that stands there'),
  kind: z.enum(['edited', 'deleted', 'reordered', 'inserted', 'rewritten', 'cut', 'checkpoint_forged', 'checkpoint_removed']),
  says: z.string(),
});

export const verificationSchema = z.object({
  state: z.enum(['intact', 'broken']),
  from: z.number(),
  checked: z.number().describe('Entries that were looked at and are as they were written'),
  next: z.number().nullable().describe('Where to go on; null at the end'),
  bad: badEntrySchema.nullable(),
  checkpoints: z.number().describe('Signed by this console and good'),
  foreign: z.number().describe('Checkpoints signed with another secret, of which this console can say nothing'),
  signedTo: z.number().describe('What comes later is chained, and not signed yet'),
});

export type BadEntry = z.infer<typeof badEntrySchema>;
export type Verification = z.infer<typeof verificationSchema>;
