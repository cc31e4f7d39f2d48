import { AllFindings } from '@/components/overview/all-findings';
import type { DiagnosticPlaces } from '@/components/overview/unmeasured-list';
import { HealthStrip } from '@/components/overview/health-strip';
import { QuickLinks } from '@/components/overview/quick-links';
import { PageHeader } from '@/components/ui/page-header';
import { may, type Caller } from '@/lib/kit/caller';
import { consolePage } from '@/lib/run/page';
import { diagnosticsOf, roomsFor } from '@/lib/run/registry';

export const metadata = { title: 'Overview' };

export default consolePage('signed-in', ({ caller }) => (
  <>
    <PageHeader title="Overview" about={may(caller, 'stats:read') ? 'What needs attention, the worst first' : 'Where things stand'} />
    <div className="flex flex-col gap-4">
      <HealthStrip />
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 xl:grid-cols-[minmax(0,1fr)_20rem]">
        {may(caller, 'stats:read') ? <AllFindings places={placesFor(caller)} mayDecide={may(caller, 'maintenance:run')} /> : null}
        {may(caller, 'assessments:read') ? <QuickLinks title="Assessments" links={assessmentLinks(caller)} /> : null}
      </div>
    </div>
  </>
));

function placesFor(caller: Caller): DiagnosticPlaces {
  return Object.fromEntries(roomsFor(caller).flatMap((room) => diagnosticsOf(room.name).map(({ id, name, title }) => [id, { href: `${room.path}?view=${name}`, room: room.title, title }])));
}

function assessmentLinks(caller: Caller) {
  const links = [
    { href: '/assessments', title: 'All assessments', about: 'The newest first' },
    { href: '/assessments?riskLevel=critical&sort=-riskScore', title: 'Critical risk', about: 'The highest scores first' },
    { href: '/assessments?status=pending', title: 'Pending', about: 'Not worked on yet' },
  ];
  return may(caller, 'assessments:write') ? [...links, { href: '/assessments/new', title: 'New assessment', about: 'With factors, predictions and checks' }] : links;
}
