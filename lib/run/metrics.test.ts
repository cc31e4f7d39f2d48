import { describe, expect, it } from 'vitest';
import { classify } from './metrics';

describe('labels of a statement', () => {
  it.each([
    ['select * from risk_assessments', 'select', 'risk_assessments'],
    ['  INSERT INTO "audit_log" values (1)', 'insert', 'audit_log'],
    ['with x as (delete from sessions returning *) select 1', 'delete', 'sessions'],
    ['with x as (select 1) select * from users', 'select', 'users'],
    ['begin', 'other', 'other'],
    ['update risk_assessments_2026_01 set a = 1', 'update', 'risk_assessments'],
    ['', 'other', 'other'],
  ])('%s', (text, query_type, table) => {
    expect(classify(text)).toEqual({ query_type, table });
  });
});
