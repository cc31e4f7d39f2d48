import { PlansView } from '@/components/plans/plans-view';
import { PageHeader } from '@/components/ui/page-header';
import { may } from '@/lib/kit/caller';
import { consolePage } from '@/lib/run/page';

export const metadata = { title: 'Plans' };

export default consolePage('stats:read', ({ caller }) => (
  <>
    <PageHeader title="Plans" about="How the server would run a statement, and where its time goes. Nothing is stored: the address holds the statement or the plan" />
    <PlansView mayAnalyze={may(caller, 'plans:analyze')} />
  </>
));
