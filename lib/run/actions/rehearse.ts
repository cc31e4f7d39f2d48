import 'server-only';
import { diagnostics } from '../registry';
import { questionSchema, toQuestion } from '../question';
import { runDiagnostic } from '../run-diagnostic';
import type { Prepared } from './preview';
import type { RegisteredAction } from './registry';

/** What trying it beforehand has told, in one sentence; null where an action has no rehearsal. */
export async function rehearse({ room, action: { rehearsal } }: RegisteredAction, { target, object }: Pick<Prepared, 'target' | 'object'>): Promise<string | null> {
  if (!rehearsal) return null;
  const entry = diagnostics.get(`${room.name}.${rehearsal.diagnostic}`);
  if (!entry) throw new Error(`an action is rehearsed by ${rehearsal.diagnostic}, which is not declared`);
  const result = await runDiagnostic(entry, toQuestion(questionSchema(entry.diagnostic).parse({ ...rehearsal.query(object), target })));
  return result.state === 'measured' ? rehearsal.says(result.rows) : `Not rehearsed: ${result.reason.says}`;
}
