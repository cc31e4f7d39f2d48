import { expect, it } from 'vitest';
import { maskFinding } from './masked';

it('F13: a card number in the evidence is masked, and a statement’s id that looks like one is not', () => {
  const number = '-5193169696030365076';
  const { evidence } = maskFinding({ code: 'queries.slow', severity: 'info', about: 'a', says: 'b', remedy: null, evidence: { queryid: number, parent_queryid: number, note: `card ${number.slice(1)}`, queryid_text: '4111111111111111' } });
  expect(evidence).toEqual({ queryid: number, parent_queryid: number, note: 'card …5076', queryid_text: '…1111' });
});
