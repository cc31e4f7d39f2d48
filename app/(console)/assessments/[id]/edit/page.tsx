import type { Metadata } from 'next';
import { BackLink } from '@/components/assessments/detail-back';
import { countries } from '@/components/assessments/form-countries';
import { AssessmentForm } from '@/components/assessments/form-view';
import { PageHeader } from '@/components/ui/page-header';
import { consolePage } from '@/lib/run/page';
import { assessmentAt, titleAt } from '../find';

export async function generateMetadata({ params }: { params: Promise<{ id: string }> }): Promise<Metadata> {
  return { title: `Edit ${await titleAt((await params).id)}` };
}

export default consolePage('assessments:write', async ({ params }) => {
  const first = await assessmentAt(params['id']);
  return (
    <>
      <BackLink href={`/assessments/${first.id}`}>Back to the assessment</BackLink>
      <PageHeader title={<span className="[overflow-wrap:anywhere]">Edit {first.businessName}</span>} />
      <AssessmentForm key={first.id} first={first} countries={countries()} />
    </>
  );
}, '/assessments/[id]/edit');
