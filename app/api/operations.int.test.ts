import { describe, expect, test } from 'vitest';
import { call } from '@/test/call';
import { useDatabase } from '@/test/database';
import { addToken, usePeople } from '@/test/people';

process.env.METRICS_TOKEN = 'a-token-of-the-scraper';
const db = await useDatabase();
const { admin, dba, viewer } = await usePeople(db);
const { startMetrics } = await import('@/lib/run/metrics');

describe('health', () => {
  const names = ['connectivity', 'connection_pool', 'database_size', 'long_queries'];

  test('has the four checks; without credentials their statuses alone', async () => {
    const open = await call('GET', '/api/health');
    expect(open.body).toEqual({ status: 'healthy', timestamp: expect.any(String), checks: Object.fromEntries(names.map((name) => [name, { status: 'healthy' }])) });
    const known = await call('GET', '/api/health', { cookie: viewer.cookie });
    expect(known.body).toMatchObject({ status: 'healthy', checks: Object.fromEntries(names.map((name) => [name, { status: 'healthy', duration: expect.any(Number), details: expect.any(String) }])) });
    expect(known.body).toMatchObject({ checks: { connection_pool: { details: expect.stringMatching(/^Connections: \d+\/25 open/) }, database_size: { details: expect.stringMatching(/^Size: \d/) }, long_queries: { details: 'Queries running for over 30 s: 0' } } });
  });
});

describe('metrics', () => {
  const scrape = (sent: Parameters<typeof call>[2]) => call('GET', '/api/metrics', sent);
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  test('are for the scraper’s token, a token with metrics:read and an administrator; never for an address', async () => {
    const { token } = await addToken(db, admin.id, ['metrics:read']);
    const { token: other } = await addToken(db, admin.id, ['assessments:read']);
    expect((await scrape(bearer('a-token-of-the-scraper'))).status).toBe(200);
    expect((await scrape({ token })).status).toBe(200);
    expect((await scrape({ cookie: admin.cookie })).status).toBe(200);
    expect((await scrape({ cookie: dba.cookie })).status).toBe(403);
    expect((await scrape({ token: other })).status).toBe(403);
    expect((await scrape(bearer('a-token-of-the-scrapes'))).status).toBe(401);
    expect((await scrape({ headers: { 'x-forwarded-for': '127.0.0.1' }, address: '127.0.0.1' })).status).toBe(401);
  });

  test('hold the guide’s five with their labels', async () => {
    startMetrics();
    await call('GET', '/api/assessments', { cookie: viewer.cookie });
    const { database } = await import('@/lib/db/client');
    const { sql } = await import('@/lib/pg/sql');
    await expect(database().rows(sql`select 1 / 0 from users`)).rejects.toThrow();
    const { text, headers } = await scrape({ cookie: admin.cookie });
    expect(headers.get('content-type')).toMatch(/^text\/plain/);
    const value = (line: string) => Number(new RegExp(`^${line.replace(/[{}]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1]);
    expect(value('database_queries_total{query_type="select",table="risk_assessments",status="success"}')).toBeGreaterThanOrEqual(1);
    expect(value('database_queries_total{query_type="select",table="users",status="error"}')).toBe(1);
    expect(value('database_query_duration_seconds_count{query_type="select",table="risk_assessments"}')).toBeGreaterThanOrEqual(1);
    expect(value('database_connections')).toBeGreaterThanOrEqual(1);
    expect(value(`database_transactions_total{datname="${db.name}"}`)).toBeGreaterThan(0);
    expect(value(`database_deadlocks_total{datname="${db.name}"}`)).toBe(0);
    expect(value('database_up')).toBe(1);
    expect(text).toContain('process_cpu_seconds_total');
    const tables = new Set([...text.matchAll(/table="([^"]+)"/g)].map(([, table]) => table));
    for (const table of tables) expect(['risk_assessments', 'risk_factors', 'predictions', 'compliance_checks', 'users', 'sessions', 'accounts', 'api_tokens', 'audit_log', 'rate_limits', 'other']).toContain(table);
  });
});
