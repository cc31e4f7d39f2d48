import { describe, expect, it } from 'vitest';
import { samePlace, saidBy, tagsIn } from './tags';

describe('what an application says of itself in a comment', () => {
  it.each([
    [`select 1 /*application='riskdesk',route='%2Fapi%2Fassessments'*/`, 'application=riskdesk, route=/api/assessments'],
    ["select /*action='list',controller='orders',traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01'*/ 1", 'controller=orders, action=list'],
    ['/*application:Shop,controller:orders,action:index*/ select 1', 'application=Shop, controller=orders, action=index'],
    [`select 1 /*route='it\\'s%20here'*/`, "route=it's here"],
    ["select 1 /*route='%E0%A4%A'*/", 'route=%E0%A4%A'],
    ['select 1 /* route planning */', null],
    ['select $1 /*, ... */', null],
    ["select '/*not one' -- route='x'", null],
    ['select 1', null],
  ])('%s', (text, said) => expect(saidBy(tagsIn(text))).toBe(said));

  it('two are of one place only where each names it, and the same', () => {
    const [a, b, c, none] = ["/*route='a'*/", "/*route='a',traceparent='1'*/", "/*route='b'*/", 'select 1'].map(tagsIn);
    if (!a || !b || !c || !none) throw new Error('four');
    expect([samePlace(a, b), samePlace(a, c), samePlace(a, none), samePlace(none, none)]).toEqual([true, false, false, false]);
  });
});
