import type { Metadata } from 'next';
import { AssessmentDetail } from '@/components/assessments/detail-view';
import { findUser } from '@/lib/auth/users';
import { database } from '@/lib/db/client';
import { may } from '@/lib/kit/caller';
import { consolePage } from '@/lib/run/page';
import { assessmentAt, titleAt } from './find';

export async function generateMetadata({ params }: { params: Promise<{ id: string }> }): Promise<Metadata> {
  return { title: await titleAt((await params).id) };
}

export default consolePage('assessments:read', async ({ caller, params }) => {
  const first = await assessmentAt(params['id']);
  const { id, name } = await findUser(database(), first.userId);
  return <AssessmentDetail first={first} owner={{ id, name }} me={caller.userId} canWrite={may(caller, 'assessments:write')} />;
}, '/assessments/[id]');
