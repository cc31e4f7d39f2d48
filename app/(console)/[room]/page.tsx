import type { Metadata } from 'next';
import { forbidden, notFound } from 'next/navigation';
import { DiagnosticPanel } from '@/components/panel/diagnostic-panel';
import { EmptyState } from '@/components/ui/empty-state';
import { PageHeader } from '@/components/ui/page-header';
import { Tabs } from '@/components/ui/tabs';
import { may } from '@/lib/kit/caller';
import { consolePage } from '@/lib/run/page';
import { diagnosticsOf, rooms } from '@/lib/run/registry';

type Props = { params: Promise<{ room: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { room } = await params;
  return { title: rooms.find(({ path }) => path === `/${room}`)?.title ?? 'Not found' };
}

/** The page of every room without one of its own: its questions, one at a time, so that only what is looked at is asked. */
export default consolePage('signed-in', ({ caller, params, searchParams }) => {
  const room = rooms.find(({ path }) => path === `/${params['room']}`) ?? notFound();
  if (!may(caller, room.permission)) forbidden();
  const views = diagnosticsOf(room.name);
  const view = views.find(({ name }) => name === searchParams['view']) ?? views[0];
  const target = typeof searchParams['target'] === 'string' ? `&target=${encodeURIComponent(searchParams['target'])}` : '';
  return (
    <>
      <PageHeader title={room.title} about={room.about}>
        {views.length > 1 ? <Tabs label={`Questions about ${room.title}`} tabs={views.map(({ name, title }) => ({ href: `${room.path}?view=${name}${target}`, label: title, current: name === view?.name }))} /> : null}
      </PageHeader>
      {view ? <DiagnosticPanel key={view.id} view={view} /> : <EmptyState title="Nothing here yet">This room has no questions to PostgreSQL so far.</EmptyState>}
    </>
  );
});
