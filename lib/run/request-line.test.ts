import { expect, test } from 'vitest';
import { makeRoutable } from './request-line';

test.each([
  ['GET', '/api/users?q=%zz?', 'GET', '/api/users?q=%zz?'],
  ['GET', '/api/users/%E2%82%AC', 'GET', '/api/users/%E2%82%AC'],
  ['GET', '/api/users/%E0%A4%A', 'GET', '/api/users/%25E0%25A4%25A'],
  ['TRACE', '/', 'OPTIONS', '/'],
  ['PROPFIND', '/api/users', 'OPTIONS', '/api/users'],
  ['OPTIONS', '*', 'OPTIONS', '/*'],
  ['GET', 'http://elsewhere.example/api/users?a=1', 'GET', '/api/users?a=1'],
  ['GET', 'http://', 'GET', '/http://'],
  [undefined, undefined, 'OPTIONS', '/'],
])('%s %s is routed as %s %s', (method, url, asMethod, asUrl) => {
  const request: { method?: string; url?: string } = { ...(method === undefined ? {} : { method }), ...(url === undefined ? {} : { url }) };
  makeRoutable(request);
  expect(request).toEqual({ method: asMethod, url: asUrl });
});
