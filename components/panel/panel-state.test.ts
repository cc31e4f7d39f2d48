import { describe, expect, it } from 'vitest';
import type { DiagnosticView, Measured, Unmeasured } from '@/lib/kit/result';
import { panelQuery, panelState, rowPage } from './panel-state';

const view: DiagnosticView = {
  id: 'queries.slow', room: 'queries', name: 'slow', title: '', why: '', how: '', columns: [], contextColumns: [], key: [], search: ['query'], sort: '-total_ms', show: [],
  params: [{ key: 'min_mean_ms', label: 'Mean', kind: 'number', default: '100' }], charts: [], refreshSeconds: 5, onDemand: null, page: null,
};
const measured: Measured = { state: 'measured', rows: [{ a: 1 }], truncated: false, findings: [], more_findings: false, sql: null, took_ms: 1, at: '', stats_since: null, context: null };
const away: Unmeasured = { state: 'unmeasured', reason: { code: 'unreachable', says: 'away' }, remedy: null };

describe('the question in the address', () => {
  it('leaves out what is the default, and other panels', () => {
    expect(panelQuery(view, new URLSearchParams('sort=-total_ms&min_mean_ms=100&other.q=x'), '', 'main')).toEqual({});
    expect(panelQuery(view, new URLSearchParams('slow.sort=calls&slow.q=x&slow.min_mean_ms=5&q=no'), 'slow', 'replica')).toEqual({ sort: 'calls', q: 'x', min_mean_ms: '5', target: 'replica' });
  });
});

describe('what the page has set, and where a row leads', () => {
  it('is asked for whatever the address says', () => {
    expect(panelQuery(view, new URLSearchParams('slow.min_mean_ms=5'), 'slow', null, { min_mean_ms: '7', queryid: '-1' })).toEqual({ min_mean_ms: '7', queryid: '-1' });
  });

  it('is the page of the thing, with the target, and nowhere for a row that does not say which', () => {
    const leading = { ...view, page: { path: '/queries/statement', by: { queryid: 'query_id' } } };
    expect(rowPage(leading, { query_id: '-5&x=1' }, null)).toBe('/queries/statement?queryid=-5%26x%3D1');
    expect(rowPage(leading, { query_id: '7' }, 'replica')).toBe('/queries/statement?queryid=7&target=replica');
    expect([rowPage(leading, { query_id: null }, null), rowPage(leading, {}, null), rowPage(view, { query_id: '7' }, null)]).toEqual([null, null, null]);
  });
});

describe('the five states', () => {
  it('is pending, failed or unmeasured without figures', () => {
    expect(panelState({ data: undefined, error: null }).state.kind).toBe('pending');
    expect(panelState({ data: undefined, error: new Error('x') }).state.kind).toBe('failed');
    expect(panelState({ data: { answer: away, measured: null }, error: null }).state.kind).toBe('unmeasured');
  });

  it('is empty or data with figures', () => {
    expect(panelState({ data: { answer: measured, measured }, error: null })).toMatchObject({ state: { kind: 'data' }, stale: null });
    const none = { ...measured, rows: [] };
    expect(panelState({ data: { answer: none, measured: none }, error: null }).state.kind).toBe('empty');
  });

  it('keeps figures through an outage and says why they are old', () => {
    expect(panelState({ data: { answer: away, measured }, error: null })).toMatchObject({ state: { kind: 'data' }, stale: away });
    const error = new Error('offline');
    expect(panelState({ data: { answer: measured, measured }, error })).toMatchObject({ state: { kind: 'data' }, stale: error });
  });
});
