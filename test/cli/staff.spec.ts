import { describe, expect, it } from '@jest/globals';
import { movementsCsv, plansOf, registerCsv, registerOf, type Registered } from '../../src/cli/staff.js';

const pool = (employer: string) => ({ employer, function: 'it', unit: 'people' as const });
const transfer: Registered = {
  transfer: 't1',
  plan: null,
  contract: null,
  suppliers: [],
  basis: null,
  activity: null,
  transferOn: '2016',
  from: pool('authority'),
  to: pool('csc'),
  unit: 'people',
  inScope: { count: 400, qualifier: 'over' },
  moved: { count: 400, qualifier: 'over' },
  objected: 0,
  retained: 0,
  left: 0,
  fte: { moved: '7.5' },
  pension: [],
  liability: { due: { earliest: '2014-03-18', latest: '2014-04-16' }, delivered: null, result: 'not-recorded', daysLate: null },
  consulted: [],
  findings: [],
};

describe('the register of transfers', () => {
  it('as text keeps qualifiers, and says what is not recorded', () =>
    expect(registerOf('Register', [transfer, { ...transfer, liability: { ...transfer.liability, due: null } }]).split('\n')).toEqual([
      'Register',
      '  t1, 2016: basis not recorded · authority, it → csc, it',
      '    over 400 people in scope = over 400 moved + 0 objected + 0 retained + 0 left · 7.5 fte moved',
      '    liability information: due 2014-03-18 to 2014-04-16, none recorded: not recorded',
      '  t1, 2016: basis not recorded · authority, it → csc, it',
      '    over 400 people in scope = over 400 moved + 0 objected + 0 retained + 0 left · 7.5 fte moved',
      '    liability information: not due, none recorded: not recorded',
      '',
    ]));

  it('as CSV has a column for each figure, one for its qualifier, and both ends of a date', () => {
    const [head, row] = registerCsv([transfer]).trimEnd().split('\n').map((line) => line.split(',')); // prettier-ignore
    expect(row).toHaveLength(head!.length);
    const of = (column: string) => row![head!.indexOf(column)];
    expect([of('inScope'), of('inScopeQualifier'), of('objected'), of('objectedQualifier'), of('fteMoved'), of('fteMovedQualifier')]).toEqual(['400', 'over', '0', '', '7.5', '']); // prettier-ignore
    expect([of('liabilityDueEarliest'), of('liabilityDueLatest'), of('liabilityDeliveredLatest')]).toEqual([
      '2014-03-18',
      '2014-04-16',
      '',
    ]);
    expect([of('transferOnEarliest'), of('transferOnLatest')]).toEqual(['2016-01-01', '2016-12-31']);
  });
});

it('a movement table as CSV ends with what it comes to, or with the net of what was never counted', () => {
  const line = { line: 'transferred-in', text: '+43', least: 43, most: 43 };
  const table = {
    ...pool('csc'),
    lines: [line],
    closing: 'unknown, net +43 recorded',
    counted: false,
    least: 43,
    most: 43,
    check: 'balances',
  };
  expect(
    movementsCsv([table, { ...table, counted: true, most: null }])
      .trimEnd()
      .split('\n'),
  ).toEqual([
    'employer,function,unit,line,least,most,check',
    'csc,it,people,transferred-in,43,43,balances',
    'csc,it,people,net,43,43,balances',
    'csc,it,people,transferred-in,43,43,balances',
    'csc,it,people,closing,43,,balances',
  ]);
});

it('a plan says whether it is overdue, and what came of it', () => {
  const plan = { plan: 'p1', from: pool('authority'), to: pool('csc'), status: 'begun', expectedOn: '2016-09', overdue: true, inScope: 400, moved: 280, objected: 5, retained: 10, left: 5, remaining: 100, findings: [] }; // prettier-ignore
  expect(plansOf('Plans', [plan]).split('\n').slice(1, 3)).toEqual([
    '  p1, expected 2016-09: authority, it → csc, it · begun, overdue',
    '    400 in scope: 280 moved, 5 objected, 10 retained, 5 left, 100 remaining',
  ]);
  expect(plansOf('Plans', [{ ...plan, overdue: false }])).not.toContain('overdue');
});
