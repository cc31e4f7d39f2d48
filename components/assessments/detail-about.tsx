'use client';

import { Card, Fact } from '@/components/ui/card';
import { CopyButton } from '@/components/ui/copy-button';
import { RelativeTime } from '@/components/ui/relative-time';
import type { Assessment } from '@/lib/rooms/assessments/schema';
import { formatCount } from '@/lib/units';
import { countryName } from './country-name';

export type Owner = { id: string; name: string };

const unknown = <span className="text-faint">–</span>;

/** Who and where, when and by whom. */
export function AboutCard({ one, owner, me }: { one: Assessment; owner: Owner; me: string }) {
  return (
    <Card title="About" actions={<CopyButton text={one.id} label="Copy id" />}>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-4 lg:grid-cols-3 xl:grid-cols-4">
        <Fact label="Address" className="col-span-2">{one.businessAddress ? <span className="block whitespace-pre-line [overflow-wrap:anywhere]">{one.businessAddress}</span> : unknown}</Fact>
        <Fact label="Industry">{one.industry ? <span title={one.industry}>{one.industry}</span> : unknown}</Fact>
        <Fact label="Country">{one.country ? <Country code={one.country} /> : unknown}</Fact>
        <Fact label="Owner"><OwnerName id={one.userId} owner={owner} me={me} /></Fact>
        <Fact label="Created"><RelativeTime at={one.createdAt} /></Fact>
        <Fact label="Changed"><RelativeTime at={one.updatedAt} /></Fact>
        <Fact label="Version">{formatCount(one.version)}</Fact>
        <Fact label="Id" className="col-span-full"><span className="font-mono text-xs font-normal" title={one.id}>{one.id}</span></Fact>
      </dl>
    </Card>
  );
}

/** Server and browser may know a country by different names, which is not worth a warning. */
function Country({ code }: { code: string }) {
  return (
    <span suppressHydrationWarning className="block whitespace-normal">
      {countryName(code)} <span className="font-mono text-xs font-normal text-faint">{code}</span>
    </span>
  );
}

/** The name is that of the owner when the page was drawn: a later one has an id. */
function OwnerName({ id, owner, me }: { id: string; owner: Owner; me: string }) {
  if (id === me) return <>You</>;
  if (id !== owner.id) return <span className="font-mono text-xs" title={id}>{id}</span>;
  return <span title={owner.name}>{owner.name}</span>;
}
