import { BackToList } from '@/components/assessments/detail-back';
import { countries } from '@/components/assessments/form-countries';
import { AssessmentForm } from '@/components/assessments/form-view';
import { PageHeader } from '@/components/ui/page-header';
import { consolePage } from '@/lib/run/page';

export const metadata = { title: 'New assessment' };

export default consolePage('assessments:write', () => (
  <>
    <BackToList />
    <PageHeader title="New assessment" about="Only the name and the score are required" />
    <AssessmentForm first={null} countries={countries()} />
  </>
));
