import { AuditLog } from '@/components/audit/audit-log';
import { AuditVerification } from '@/components/audit/verification';
import { PageHeader } from '@/components/ui/page-header';
import { may } from '@/lib/kit/caller';
import { consolePage } from '@/lib/run/page';

export const metadata = { title: 'Audit log' };

export default consolePage('audit:read', ({ caller }) => (
  <>
    <PageHeader title="Audit log" about="Who did what, and when. Rows are only ever added: nobody changes or removes one">
      <AuditVerification />
    </PageHeader>
    <AuditLog managesUsers={may(caller, 'users:manage')} />
  </>
));
