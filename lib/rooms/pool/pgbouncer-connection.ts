import { col, type RowOf } from '@/lib/kit/column';
import type { ShownRow } from '@/lib/kit/diagnostic';
import { figure, waitMs, words, yes } from './shown';

/** SHOW CLIENTS and SHOW SERVERS describe a connection alike, whichever side of PgBouncer it is on. */
export const connectionColumns = {
  address: col.code('Address'),
  usr: col.maybe(col.code('Role')),
  datname: col.maybe(col.code('Database')),
  state: col.maybe(col.text('State')),
  application: col.maybe(col.text('Application')),
  wait_ms: col.maybe(col.ms('Waits for')),
  connected: col.maybe(col.text('Connected')),
  last_request: col.maybe(col.text('Last request')),
  tls: col.maybe(col.text('TLS')),
  close_needed: col.maybe(col.flag('Closes after use')),
  remote_pid: col.maybe(col.code('Process id')),
  prepared_statements: col.maybe(col.count('Prepared', { note: 'Named statements, from 1.21' })),
  ptr: col.code('Handle'),
  link: col.maybe(col.code('Linked to')),
};

export const toConnection = (row: ShownRow): RowOf<typeof connectionColumns> => ({
  address: `${words(row, 'addr') ?? ''}:${words(row, 'port') ?? ''}`, usr: words(row, 'user'), datname: words(row, 'database'), state: words(row, 'state'),
  application: words(row, 'application_name'), wait_ms: waitMs(row, 'wait', 'wait_us'), connected: words(row, 'connect_time'), last_request: words(row, 'request_time'),
  tls: words(row, 'tls'), close_needed: yes(figure(row, 'close_needed')), remote_pid: words(row, 'remote_pid'), prepared_statements: figure(row, 'prepared_statements'),
  ptr: words(row, 'ptr', 'id') ?? '', link: words(row, 'link'),
});
