import { expect, test } from 'vitest';
import { readAccounts } from './accounts';

test('what was printed is what is read: one account a line', () => {
  expect([...readAccounts('admin@riskdesk.example      abc-_123\n\nShown this once\ndba@riskdesk.example  x\n')]).toEqual([
    ['admin@riskdesk.example', 'abc-_123'],
    ['dba@riskdesk.example', 'x'],
  ]);
});
