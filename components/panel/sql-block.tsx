import { CopyButton } from '@/components/ui/copy-button';
import { ScrollRegion } from '@/components/ui/scroll-region';

/** SQL as text to read and to take along. */
export function SqlBlock({ sql, label = 'SQL' }: { sql: string; label?: string }) {
  return (
    <div className="overflow-hidden rounded-md border border-line bg-sunken">
      <div className="flex items-center justify-between border-b border-line py-0.5 pr-1 pl-3 text-2xs font-medium text-faint">
        {label}
        <CopyButton text={sql} />
      </div>
      <ScrollRegion label={label} className="max-h-96 overflow-auto px-3 py-2.5">
        <pre className="font-mono text-xs leading-5 whitespace-pre-wrap text-ink wrap-anywhere">
          <code>{dedent(sql)}</code>
        </pre>
      </ScrollRegion>
    </div>
  );
}

/** Statements are declared indented in their files; nobody else needs that margin. */
export function dedent(text: string): string {
  const lines = text.replace(/\t/g, '  ').trimEnd().split('\n');
  while (lines[0]?.trim() === '') lines.shift();
  const margins = lines.slice(1).filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const margin = margins.length > 0 ? Math.min(...margins) : 0;
  return lines.map((line, index) => (index === 0 ? line.trimStart() : line.slice(margin))).join('\n');
}
