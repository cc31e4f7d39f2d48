import { z } from 'zod';
import { AppError } from '@/lib/errors';
import { signedIn } from '@/lib/kit/caller';
import { endpoint, type Endpoint } from '@/lib/kit/endpoint';
import { findExport, manifestName, openExported } from '@/lib/run/exports/store';
import { log } from '@/lib/run/log';
import { clientAddress } from '@/lib/run/peer';

const none = () => new AppError('not_found', 'There is no such file of an export on this console.');

export const getExportedFile = endpoint({
  method: 'GET', path: '/api/exports/file', summary: 'A file of an export, or its manifest', access: 'maintenance:destroy',
  query: z.strictObject({ id: z.guid(), file: z.string().regex(/^([1-9]\d{0,3}\.csv\.gz|manifest\.json)$/, 'must be a file that the list of exports names').default(manifestName), target: z.string().max(60).default('main') }),
  answers: { 200: null }, problems: [404],
  handle: async ({ caller, query: { id, file, target }, request }) => {
    const found = await findExport(id);
    const of = found?.tables.find((table) => table.file === file);
    if (found?.target !== target || (!of && file !== manifestName)) throw none();
    const { stream, bytes } = await openExported(id, file).catch(() => { throw none(); });
    // Reading changes nothing, the audit log included; who has fetched all rows of a table is known all the same.
    log('info', 'a file of an export was fetched', { export: id, file, user: signedIn(caller).userId, address: clientAddress(request) });
    // Of a name only what is safe in a header and in a file system.
    const name = of ? `${of.table.replaceAll(/[^\w-]/g, '_').slice(0, 80)}-${id}.csv.gz` : `manifest-${id}.json`;
    return { stream, type: of ? 'application/gzip' : 'application/json', headers: { 'content-disposition': `attachment; filename="${name}"`, 'content-length': String(bytes), 'x-content-type-options': 'nosniff' } };
  },
});

export const exportEndpoints: Endpoint[] = [getExportedFile];
