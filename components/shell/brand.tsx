/** Four steps of risk under one line: the mark of the product. */
export function BrandMark({ className = 'size-6' }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" className={className} aria-hidden>
      <rect width="24" height="24" rx="6" fill="var(--accent)" />
      <g fill="var(--accent-ink)">
        <rect x="5" y="14" width="2.5" height="5" rx="0.75" opacity="0.6" />
        <rect x="9" y="11.5" width="2.5" height="7.5" rx="0.75" opacity="0.75" />
        <rect x="13" y="8.5" width="2.5" height="10.5" rx="0.75" opacity="0.9" />
        <rect x="17" y="5" width="2.5" height="14" rx="0.75" />
      </g>
    </svg>
  );
}

export function Brand() {
  return (
    <span className="flex items-center gap-2.5">
      <BrandMark />
      <span className="text-base font-semibold tracking-tight">Riskdesk</span>
    </span>
  );
}
