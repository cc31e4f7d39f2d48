import 'server-only';
import { transaction } from '@/lib/db/client';
import type { Figures } from '@/lib/kit/action';
import { sql } from '@/lib/pg/sql';
import type { Job } from './jobs';
import { measure } from './measure';
import { actions } from './registry';

/** Whether it paid off shows once the object has been used again. */
const times = [{ after: 'hour', hours: 1 }, { after: 'day', hours: 24 }] as const;

type Done = Pick<Job, 'id' | 'target' | 'action' | 'object'>;

/** Null where the object is gone, or the target cannot be asked. */
async function figuresOf({ target, action, object }: Done): Promise<Figures | null> {
  const entry = actions.get(action);
  return entry?.action.figures ? measure(target, entry, object).catch(() => null) : null;
}

/** Takes the figures of one job again whose time has come; a console that was down meanwhile takes them late, and says when. */
async function takeNext(after: (typeof times)[number]): Promise<boolean> {
  return transaction(async (tx) => {
    const [job] = await tx.rows<Done>(sql`
      select id, target, action, object from riskdesk.jobs
      where state = 'succeeded' and before is not null and before <> '{}' and finished_at < now() - make_interval(hours => ${after.hours}) and finished_at > now() - make_interval(hours => ${after.hours * 2})
        and not later @> ${JSON.stringify([{ after: after.after }])}::jsonb
      order by finished_at for update skip locked limit 1`);
    if (!job) return false;
    const taken = { after: after.after, figures: await figuresOf(job) };
    await tx.rows(sql`update riskdesk.jobs set later = later || jsonb_build_array(${JSON.stringify(taken)}::jsonb || jsonb_build_object('at', now())) where id = ${job.id}`);
    return true;
  });
}

export async function takeLaterFigures(): Promise<number> {
  let taken = 0;
  for (const after of times) while (await takeNext(after)) taken += 1;
  return taken;
}
