import type { ColumnView } from '@/lib/kit/column';
import type { Unit } from '@/lib/units';

const column = (key: string, label: string, unit: Unit, nullable = false): ColumnView => ({ key, label, unit, nullable });

export const listColumns: ColumnView[] = [
  column('businessName', 'Business', 'text'),
  column('riskScore', 'Score', 'score'),
  column('riskLevel', 'Level', 'level'),
  column('status', 'Status', 'status'),
  column('industry', 'Industry', 'text', true),
  column('country', 'Country', 'code', true),
  column('createdAt', 'Created', 'time'),
  column('updatedAt', 'Changed', 'time'),
  column('businessAddress', 'Address', 'text', true),
  column('version', 'Version', 'count'),
  column('id', 'Id', 'code'),
];

export const shownAtFirst = ['businessName', 'riskScore', 'riskLevel', 'status', 'industry', 'country', 'createdAt', 'updatedAt'];

/** The orders that an index serves at any size. */
const orders = new Set(['createdAt', 'riskScore', 'businessName']);
export const isSortable = (key: string): boolean => orders.has(key);
