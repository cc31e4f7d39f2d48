import { Plus } from 'lucide-react';
import { AssessmentList } from '@/components/assessments/assessment-list';
import { LinkButton } from '@/components/ui/button';
import { PageHeader } from '@/components/ui/page-header';
import { listAddress } from '@/lib/client/assessment-address';
import { database } from '@/lib/db/client';
import { may } from '@/lib/kit/caller';
import { listAssessments } from '@/lib/rooms/assessments/list';
import { listQuery, type AssessmentList as List } from '@/lib/rooms/assessments/schema';
import { readQuery } from '@/lib/run/body';
import { consolePage, toSearchParams } from '@/lib/run/page';

export const metadata = { title: 'Assessments' };

/** The page that the address names, read while the page is drawn. What is wrong with the address, or with the database, the list itself says. */
async function firstPage(address: URLSearchParams): Promise<{ address: string; list: List } | null> {
  const query = listAddress(address);
  const parsed = listQuery.safeParse(readQuery(toSearchParams(query)));
  if (!parsed.success) return null;
  return listAssessments(database(), parsed.data).then((text) => ({ address: JSON.stringify(query), list: JSON.parse(text) as List }), () => null);
}

export default consolePage('assessments:read', async ({ caller, searchParams }) => {
  const canWrite = may(caller, 'assessments:write');
  return (
    <>
      <PageHeader
        title="Assessments"
        about="Risk assessments of businesses"
        actions={canWrite ? <LinkButton kind="primary" href="/assessments/new"><Plus className="size-4" aria-hidden />New assessment</LinkButton> : null}
      />
      <AssessmentList first={await firstPage(toSearchParams(searchParams))} me={caller.userId} canWrite={canWrite} />
    </>
  );
}, '/assessments');
