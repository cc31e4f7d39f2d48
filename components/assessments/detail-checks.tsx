'use client';

import { DataTable } from '@/components/table/data-table';
import { Card } from '@/components/ui/card';
import type { Assessment } from '@/lib/rooms/assessments/schema';
import { detailColumn, ListTitle, longText, NoneOf } from './detail-table';

type Check = Assessment['complianceChecks'][number];

const columns = [
  detailColumn('checkType', 'Check', 'text'),
  detailColumn('status', 'Status', 'status'),
  detailColumn('result', 'Result', 'text'),
  detailColumn('checkedAt', 'Checked', 'time'),
];

export function ChecksCard({ checks }: { checks: Assessment['complianceChecks'] }) {
  if (checks.length === 0) return <NoneOf title="Compliance checks">No compliance checks.</NoneOf>;
  return (
    <Card flush>
      <DataTable<Check>
        caption="Compliance checks"
        columns={columns}
        rows={checks}
        rowKey={({ id }) => id}
        sort="-checkedAt"
        csvName="compliance-checks"
        toolbar={<ListTitle title="Compliance checks" count={checks.length} />}
        renderCell={{ checkType: ({ checkType }) => <span className="font-medium">{checkType}</span>, result: ({ result }) => longText(result) }}
      />
    </Card>
  );
}
