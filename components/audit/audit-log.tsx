'use client';

import { AskedPanel } from '@/components/panel/asked-panel';
import { DataTable } from '@/components/table/data-table';
import { EmptyState } from '@/components/ui/empty-state';
import { auditFilters, auditQuestion } from '@/lib/client/audit-query';
import { useUrlState } from '@/lib/client/url-state';
import { useAudit } from '@/lib/client/use-audit';
import type { ColumnView } from '@/lib/kit/column';
import type { AuditItem } from '@/lib/rooms/auth/schema';
import { formatTime } from '@/lib/units';
import { AuditDetails } from './audit-details';
import { AuditFilters } from './audit-filters';
import { AuditPager } from './audit-pager';
import { Outcome } from './outcome';

const columns: ColumnView[] = [
  { key: 'at', label: 'Time', unit: 'time', nullable: false },
  { key: 'actor', label: 'Actor', unit: 'text', nullable: false, note: 'The e-mail at the time' },
  { key: 'action', label: 'Action', unit: 'code', nullable: false },
  { key: 'object', label: 'Object', unit: 'code', nullable: false },
  { key: 'outcome', label: 'Outcome', unit: 'text', nullable: false },
  { key: 'via', label: 'Via', unit: 'text', nullable: false, note: 'A session, a token, or neither' },
  { key: 'address', label: 'Address', unit: 'code', nullable: true },
];

const show = ['at', 'actor', 'action', 'object', 'outcome', 'address'];

// A log is read by its exact times: ten rows of "3 days ago" have no order.
const renderCell = {
  at: ({ at }: AuditItem) => <time dateTime={at} className="numeric whitespace-nowrap">{formatTime(at)}</time>,
  object: ({ object }: AuditItem) => <span title={object} className="block max-w-[min(20rem,24vw)] truncate font-mono text-xs max-sm:max-w-none">{object}</span>,
  outcome: ({ outcome }: AuditItem) => <Outcome outcome={outcome} />,
};

const never = () => false;

/** The audit log, a page at a time, narrowed as the address says. */
export function AuditLog({ managesUsers }: { managesUsers: boolean }) {
  const { params, set } = useUrlState();
  const asked = useAudit(auditQuestion(params));
  const narrowed = auditFilters.some((filter) => params.has(filter));
  return (
    <AskedPanel title="Rows of the audit log" hiddenTitle asked={asked} rows={12} controls={<AuditFilters />}>
      {({ items, nextCursor, prevCursor }) => (
        <DataTable<AuditItem>
          caption="Audit log"
          columns={columns}
          show={show}
          rows={items}
          rowKey={({ id }) => String(id)}
          renderCell={renderCell}
          renderDetails={(item) => <AuditDetails item={item} managesUsers={managesUsers} />}
          columnChoice={params.get('cols')}
          onColumnChoice={(chosen) => set({ cols: chosen?.join(',') ?? null })}
          sort="-at"
          onSort={never}
          sortable={never}
          csvName="audit"
          toolbar={<AuditFilters />}
          empty={<EmptyState title={narrowed ? 'Nothing matches' : 'Nothing here'}>{narrowed ? 'The log was searched and no row fits what is asked above.' : 'Nobody has done anything so far.'}</EmptyState>}
          footer={<AuditPager count={items.length} nextCursor={nextCursor} prevCursor={prevCursor} />}
        />
      )}
    </AskedPanel>
  );
}
