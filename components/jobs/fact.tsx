import type { ReactNode } from 'react';

/** One figure of a list of them, under its name. */
export function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-2xs text-faint">{label}</dt>
      <dd className="numeric">{children}</dd>
    </div>
  );
}
