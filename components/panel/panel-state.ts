import { withTarget } from '@/components/shell/places';
import type { Remembered } from '@/lib/client/remember';
import type { DiagnosticView, Measured, Unmeasured } from '@/lib/kit/result';
import type { QueryState } from './query-panel';

/** Address keys of one panel; `prefix` keeps two panels of one page apart. */
export function panelKeys(view: DiagnosticView, prefix: string) {
  const name = (key: string) => (prefix === '' ? key : `${prefix}.${key}`);
  return { sort: name('sort'), q: name('q'), columns: name('cols'), param: (key: string) => name(key), params: view.params.map(({ key }) => name(key)) };
}

/** The question as the address states it. What equals the default is not sent, so that both share one answer. */
export function panelQuery(view: DiagnosticView, address: URLSearchParams, prefix: string, target: string | null, given: Record<string, string> = {}): Record<string, string> {
  const keys = panelKeys(view, prefix);
  const query: Record<string, string> = {};
  const put = (key: string, value: string | null, fallback: string) => {
    if (value !== null && value !== '' && value !== fallback) query[key] = value;
  };
  put('sort', address.get(keys.sort), view.sort);
  put('q', address.get(keys.q), '');
  put('target', target, 'main');
  for (const { key, default: fallback } of view.params) put(key, address.get(keys.param(key)), fallback);
  return { ...query, ...given };
}

type Asked = { data: Remembered | undefined; error: unknown };
export type PanelState = { state: QueryState<Measured>; /** Why the figures shown are not the newest. */ stale: Unmeasured | Error | null };

/** Which of the five a panel shows: figures once measured stay through an outage, with the reason said quietly. */
export function panelState({ data, error }: Asked): PanelState {
  const measured = data?.measured;
  if (measured) {
    const trouble = data.answer.state === 'unmeasured' ? data.answer : error instanceof Error ? error : null;
    return { state: { kind: measured.rows.length === 0 ? 'empty' : 'data', data: measured }, stale: trouble };
  }
  if (error) return { state: { kind: 'failed', error }, stale: null };
  if (data?.answer.state === 'unmeasured') return { state: { kind: 'unmeasured', answer: data.answer }, stale: null };
  return { state: { kind: 'pending' }, stale: null };
}

/** The page of the thing that a row is about; null where the row does not say which. */
export function rowPage({ page }: DiagnosticView, row: Record<string, unknown>, target: string | null): string | null {
  if (!page) return null;
  const values = Object.entries(page.by).map(([key, column]): [string, unknown] => [key, row[column]]);
  if (values.some(([, value]) => value === null || value === undefined || value === '')) return null;
  return withTarget(`${page.path}?${new URLSearchParams(values.map(([key, value]) => [key, String(value)])).toString()}`, target);
}

/** The key of a row: null is not the text 'null'. */
export const rowKeyOf = (view: DiagnosticView) => (row: Record<string, unknown>): string => JSON.stringify(view.key.map((key) => row[key] ?? null));
