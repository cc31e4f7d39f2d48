import { TargetList } from '@/components/targets/target-list';
import { PageHeader } from '@/components/ui/page-header';
import { consolePage } from '@/lib/run/page';

export const metadata = { title: 'Databases' };

export default consolePage('stats:read', () => (
  <>
    <PageHeader title="Databases" about="What this console observes, and what each server lacks for its questions to have an answer" />
    <TargetList />
  </>
));
