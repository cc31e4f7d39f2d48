'use client';

import { roleWords } from '@/components/account/words';
import { AskedPanel } from '@/components/panel/asked-panel';
import { DataTable } from '@/components/table/data-table';
import { sortRows } from '@/components/table/table-data';
import { EmptyState } from '@/components/ui/empty-state';
import { FilterSelect } from '@/components/ui/filter-select';
import { SearchInput } from '@/components/ui/late-input';
import { useUrlState } from '@/lib/client/url-state';
import { useUsers } from '@/lib/client/use-accounts';
import type { ColumnView } from '@/lib/kit/column';
import { roles } from '@/lib/kit/permission';
import type { UserView } from '@/lib/rooms/auth/schema';
import { formatCount } from '@/lib/units';
import { RoleBadge, stateOf, UserState } from './user-state';

const columns: ColumnView[] = [
  { key: 'name', label: 'Name', unit: 'text', nullable: false },
  { key: 'email', label: 'E-mail', unit: 'text', nullable: false },
  { key: 'role', label: 'Role', unit: 'text', nullable: false },
  { key: 'active', label: 'State', unit: 'flag', nullable: false },
  { key: 'lastSeenAt', label: 'Last seen', unit: 'time', nullable: true, note: 'Last use of a session that is still open' },
  { key: 'sessions', label: 'Sessions', unit: 'count', nullable: false, note: 'Open ones' },
  { key: 'tokens', label: 'Tokens', unit: 'count', nullable: false, note: 'API tokens that have not expired' },
  { key: 'createdAt', label: 'Created', unit: 'time', nullable: false },
];

/** Every account, narrowed and ordered as the address says. */
export function UsersTable() {
  const { params, set } = useUrlState();
  const asked = useUsers();
  const sort = params.get('sort') ?? 'name';
  return (
    <AskedPanel title="Users" hiddenTitle asked={asked} rows={10} controls={<UserFilters />}>
      {(users) => {
        const shown = users.filter((user) => matches(user, params));
        return (
          <DataTable<UserView>
            caption="Accounts"
            columns={columns}
            rows={sortRows(shown, sort)}
            rowKey={({ id }) => id}
            rowHref={({ id }) => `/users/${id}`}
            renderCell={{ role: ({ role }) => <RoleBadge role={role} />, active: ({ active }) => <UserState active={active} /> }}
            columnChoice={params.get('cols')}
            onColumnChoice={(chosen) => set({ cols: chosen?.join(',') ?? null })}
            sort={sort}
            onSort={(order) => set({ sort: order === 'name' ? null : order })}
            csvName="users"
            toolbar={<UserFilters />}
            empty={<EmptyState title="Nobody matches">No account fits the search, the role and the state above.</EmptyState>}
            footer={<span className="numeric">{shown.length === users.length ? `${formatCount(users.length)} accounts` : `${formatCount(shown.length)} of ${formatCount(users.length)} accounts`}</span>}
          />
        );
      }}
    </AskedPanel>
  );
}

function matches({ name, email, role, active }: UserView, params: URLSearchParams): boolean {
  const [q, wantedRole, state] = [params.get('q')?.toLowerCase() ?? '', params.get('role'), params.get('state')];
  return `${name}\n${email}`.toLowerCase().includes(q) && (!wantedRole || role === wantedRole) && (!state || stateOf(active) === state);
}

function UserFilters() {
  const { params, set } = useUrlState();
  return (
    <>
      <SearchInput label="Search accounts" value={params.get('q') ?? ''} onChange={(q) => set({ q })} />
      <FilterSelect label="Role" value={params.get('role') ?? ''} onChange={(chosen) => set({ role: chosen })}>
        <option value="">Any role</option>
        {roles.map((role) => <option key={role} value={role}>{roleWords[role].title}</option>)}
      </FilterSelect>
      <FilterSelect label="State" value={params.get('state') ?? ''} onChange={(chosen) => set({ state: chosen })}>
        <option value="">Any state</option>
        <option value="active">Active</option>
        <option value="disabled">Disabled</option>
      </FilterSelect>
    </>
  );
}
