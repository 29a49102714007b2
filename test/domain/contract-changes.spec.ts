import { describe, expect, it } from '@jest/globals';
import { approveChange } from '../../src/domain/contract/commands/approve-change.js';
import { contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { changeFigures } from '../../src/kernel/index.js';
import { specification, stream, context, type Stream, type GivenEvent } from '../given.js';

const given = specification(contract, { others: world({}) });
const underScheme = specification(contract, { others: world({}, scheme()) });
const deputyMayor = { decidedBy: { person: 'p-17', office: 'deputy mayor for policing and crime' } };
const director = { decidedBy: { person: 'p-18', office: 'Director' } };
const waiver = { waives: ['scheme-of-consent/approval'], reason: 'Urgent', authority: { reference: 'PCD 813' } };
const rule = 'scheme-of-consent/approval';

describe('ApproveChange', () => {
  it('raises the ceiling and leaves the original value', () =>
    given(awarded('96000000'))
      .when(approveChange, to('143000000'), { authority: { reference: 'PCD 437' } })
      .leaves({
        original: gbp('96000000'),
        ceiling: gbp('143000000'),
        changes: [{ kind: 'value', on: '2026-03-02', from: gbp('96000000'), to: gbp('143000000'), reference: 'PCD 437' }],
      }));

  it('may state its step alone', () =>
    given(awarded('6807000'))
      .when(approveChange, { kind: 'value', by: gbp('3403000') })
      .leaves({ ceiling: gbp('10210000.00'), changes: [{ by: gbp('3403000'), to: gbp('10210000.00') }] }));

  it('keeps a step whose sum cannot be known', () =>
    given(awarded())
      .when(approveChange, { kind: 'value', by: gbp('3403000') })
      .leaves((state) => {
        expect(state.ceiling).toEqual({ undisclosed: true, atLeast: gbp('3403000.00') });
        expect(state.changes).toEqual([expect.not.objectContaining({ to: expect.anything() })]);
        expect(state.changes[0]!.by).toEqual(gbp('3403000'));
      }));

  it.each([
    ['adds a step to what it comes to at least', ['3403000', '1000'], '3404000.00'],
    ['takes a step from what it comes to at least', ['3403000', '-1000'], '3402000.00'],
    ['comes to nothing at least where the first step takes away', ['-1000'], undefined],
    ['comes to nothing at least once a step takes all of that away', ['3403000', '-3403000'], undefined],
    ['comes to nothing at least once a step takes more than that away', ['3403000', '-3403001'], undefined],
    ['comes to what was added since a step took all of that away', ['3403000', '-5000000', '1000'], '1000.00'],
  ])('of a value that nobody disclosed %s', (_, steps, atLeast) =>
    given(awarded(), ...steps.slice(0, -1).map((by) => context('ChangeApproved', { kind: 'value', by: gbp(by) }, '2019')))
      .when(approveChange, { kind: 'value', by: gbp(steps.at(-1)!) })
      .leaves((state) => expect(state.ceiling).toEqual({ undisclosed: true, ...(atLeast && { atLeast: gbp(atLeast) }) })),
  );

  it('moves the end of the term', () =>
    given(awarded('6807000'))
      .when(approveChange, { kind: 'term', endsOn: '2020-08-31', ground: 'Option' })
      .leaves({ term: { startsOn: '2015-09-01', endsOn: '2020-08-31' }, changes: [{ endsOn: '2020-08-31', ground: 'Option' }] }));

  it('of value needs the new value or the step', () =>
    given(awarded('6807000')).when(approveChange, { kind: 'value' }).rejects('contract/change-without-value', { pointer: '/to' }));

  it('states the new value or the step, never both', () =>
    given(awarded('6807000'))
      .when(approveChange, { ...to('10210000'), by: gbp('3403000') })
      .rejects('contract/change-duplicate', { pointer: '/by' }));

  it('of term needs the new end', () =>
    given(awarded('6807000')).when(approveChange, { kind: 'term' }).rejects('contract/change-without-end', { pointer: '/endsOn' }));

  it('never ends the term before the service started', () =>
    given(awarded('6807000'), context('ServiceStarted', {}, '2015-09-01'))
      .when(approveChange, { kind: 'term', endsOn: '2015-08' })
      .rejects('contract/ends-before-start', { pointer: '/endsOn', detail: '2015-09-01' }));

  it('of scope says what changes: a change that says nothing is refused', async () => {
    await given(awarded('6807000')).when(approveChange, { kind: 'scope' }).rejects('contract/change-without-content', { pointer: '/summary' }); // prettier-ignore
    await given(awarded('6807000'))
      .when(approveChange, { kind: 'scope', summary: 'Printing was added.' })
      .leaves({ changes: [{ kind: 'scope', summary: 'Printing was added.' }] });
    for (const more of [{ to: gbp('7000000') }, { by: gbp('7000') }, { endsOn: '2019' }])
      await given(awarded('6807000'))
        .when(approveChange, { kind: 'scope', ...more })
        .leaves({ changes: [{ kind: 'scope' }] });
  });

  it('stays in the currency of the contract', async () => {
    const usd = { amount: '10210000', currency: 'USD' };
    await given(awarded('6807000'))
      .when(approveChange, { kind: 'value', to: usd })
      .rejects('contract/mixed-currencies', { pointer: '/to/currency', detail: 'GBP' });
    await given(awarded('6807000'))
      .when(approveChange, { kind: 'value', by: usd })
      .rejects('contract/mixed-currencies', { pointer: '/by/currency' });
    await given(awarded(), approved('10210000', '2016'))
      .when(approveChange, { kind: 'value', to: usd })
      .rejects('contract/mixed-currencies', { pointer: '/to/currency' });
  });
});

describe('every change reports three figures, because each alone misleads', () => {
  it.each([
    ['96000000', [], '143000000', '0.489583', '0.489583', '0.489583'],
    ['96000000', ['143000000'], '176800000', '0.352083', '0.236364', '0.841667'],
    ['6807000', [], '10210000', '0.499927', '0.499927', '0.499927'],
    ['6807000', ['10200000'], '15200000', '0.734538', '0.490196', '1.232995'],
    ['6807000', ['10210000'], '15200000', '0.733069', '0.488737', '1.232995'],
  ])('£%s then %j then £%s', (original, steps, next, stepOverOriginal, stepOverCurrent, cumulativeOverOriginal) =>
    underScheme(awarded(original), ...steps.map((step) => approved(step, '2017')))
      .when(approveChange, to(next), deputyMayor)
      .assesses({
        [rule]: { result: 'met', inputs: { stepOverOriginal, stepOverCurrent, cumulativeOverOriginal } },
      }),
  );

  it('shows the paper and the ledger: £6.807m → £10.210m → £15.2m, which the paper rounds to £10.2m', () =>
    given(awarded('6807000'), approved('10210000', '2018'))
      .when(approveChange, { ...to('15200000'), statedFrom: { ...gbp('10200000'), roundedTo: '100000' } })
      .leaves(({ original, ceiling, changes: [, second] }) => {
        const ledger = changeFigures(original, second!.from, second!.to!);
        const paper = changeFigures(original, second!.statedFrom!, second!.to!);
        expect(ceiling).toEqual(gbp('15200000'));
        expect([ledger.stepOverCurrent, ledger.stepOverOriginal]).toEqual(['0.488737', '0.733069']);
        expect([paper.stepOverCurrent, paper.stepOverOriginal]).toEqual(['0.490196', '0.734538']);
        expect([ledger.cumulativeOverOriginal, paper.cumulativeOverOriginal]).toEqual(['1.232995', '1.232995']);
        expect(second!.statedFrom).toMatchObject({ roundedTo: '100000' });
      }));

  it('has no figures where the original was never disclosed', () =>
    underScheme(awarded())
      .when(approveChange, to('143000000'), director)
      .assesses({
        [rule]: { result: 'not-assessable', inputs: { stepOverOriginal: 'not assessable', cumulativeOverOriginal: 'not assessable' } },
      }));
});

describe('who must approve a change', () => {
  it('is not assessed where no scheme was adopted', () => given(awarded('6807000')).when(approveChange, to('15200000')).assesses({}));

  it('is not assessed for a change of scope', () =>
    underScheme(awarded('6807000')).when(approveChange, { kind: 'scope', summary: 'Print' }).assesses({}));

  it('is met by the office that the scheme names', () =>
    underScheme(awarded('6807000'))
      .when(approveChange, to('10210000'), deputyMayor)
      .assesses({ [rule]: 'met' }));

  it('refuses another office, and names the right one', () =>
    underScheme(awarded('6807000'))
      .when(approveChange, to('10210000'), director)
      .rejects('ledger/policy-not-met', {
        detail: 'Deputy Mayor for Policing and Crime must approve',
        assessed: [{ rule, version: '2016-1' }],
      }));

  it('cannot be assessed when nobody is named as deciding', () =>
    underScheme(awarded('6807000'))
      .when(approveChange, to('10210000'))
      .assesses({ [rule]: 'not-assessable' }));

  it.each([
    ['a step of 10 % exactly', '6807000', { kind: 'value', by: gbp('680700') }],
    ['a contract below £500,000', '499999.99', { kind: 'value', by: gbp('499999.99') }],
    ['a year exactly', '6807000', { kind: 'term', endsOn: '2019-08-31' }],
  ])('needs no approver for %s', (_, original, change) =>
    underScheme(awarded(original))
      .when(approveChange, change, director)
      .assesses({ [rule]: 'met' }),
  );

  it.each([
    ['a penny more than 10 %', { kind: 'value', by: gbp('680700.01') }],
    ['a year and a day', { kind: 'term', endsOn: '2019-09-01' }],
  ])('needs one for %s', (_, change) =>
    underScheme(awarded('6807000')).when(approveChange, change, director).rejects('ledger/policy-not-met'),
  );

  it.each([
    ['a contract in another currency', context('ContractAwarded', { ...award(), value: { amount: '6807000', currency: 'USD' } }), { kind: 'value', by: { amount: '1000000', currency: 'USD' } }], // prettier-ignore
    ['a term that never had an end', context('ContractAwarded', { ...award(), value: gbp('6807000'), endsOn: undefined }), { kind: 'term', endsOn: '2030' }], // prettier-ignore
    ['a step on a ceiling that is not known', awarded(), { kind: 'value', by: gbp('1000000') }],
  ])('cannot be assessed for %s, unless the office that every row may ask for has decided', async (_, award, change) => {
    await underScheme(award)
      .when(approveChange, change, director)
      .assesses({ [rule]: 'not-assessable' });
    await underScheme(award)
      .when(approveChange, change, deputyMayor)
      .assesses({ [rule]: { result: 'met', note: 'Met whichever row applies.' } });
  });

  it('is met whichever row applies only where each row that may apply asks for the office', async () => {
    const rows = [
      { unforeseen: true, approver: 'Director' },
      { stepOverOriginalAbove: 5, approver: ' DIRECTOR ' },
      { originalAtLeast: gbp('1'), approver: 'Mayor' },
    ];
    const of = (approvals: object[]) => specification(contract, { others: world({}, scheme({ approvals })) })(awarded('6807000'));
    await of(rows)
      .when(approveChange, to('10210000'), director)
      .assesses({ [rule]: { result: 'met', note: 'Met whichever row applies.', inputs: { approver: 'Director' } } });
    await of([rows[0]!, { ...rows[1], approver: 'Deputy' }])
      .when(approveChange, to('10210000'), director)
      .assesses({ [rule]: { result: 'not-assessable', note: 'Unforeseen was not said.' } });
    await of([rows[0]!, rows[2]!])
      .when(approveChange, { ...to('10210000'), unforeseen: false }, { ...director, effectiveOn: '2020' })
      .assesses({ [rule]: { result: 'not-met', note: 'Mayor must approve this.' } });
  });

  it.each([
    ['the original value', [{ originalAtLeast: gbp('500000'), approver: 'Mayor' }], awarded(), to('7000000'), 'The original value is not known in the currency of the table.'],
    ['the step', [{ stepOverOriginalAbove: 10, approver: 'Mayor' }], awarded(), to('7000000'), 'The value before or after the change is not known.'],
    ['the end of the term', [{ monthsAbove: 3, approver: 'Mayor' }], context('ContractAwarded', { ...award(), value: gbp('6807000'), endsOn: undefined }), { kind: 'term', endsOn: '2030' }, 'The last day of the term is not known to the month.'],
    ['what each of two rows lacks', [{ monthsAbove: 3, approver: 'Mayor' }, { unforeseen: true, approver: 'Deputy' }], context('ContractAwarded', { ...award(), value: gbp('6807000'), endsOn: '2018' }), { kind: 'term', endsOn: '2019' }, 'The last day of the term is not known to the month. Unforeseen was not said.'],
    ['nothing of a limit where another limit is exceeded', [{ monthsAbove: 3, stepOverOriginalAbove: 10, unforeseen: true, approver: 'Mayor' }], context('ContractAwarded', { ...award(), value: gbp('6807000'), endsOn: '2018' }), { kind: 'value', to: gbp('9000000'), endsOn: '2019' }, 'Unforeseen was not said.'],
    ['what two rows lack, once', [{ stepOverOriginalAbove: 10, approver: 'Mayor' }, { stepOverOriginalAbove: 20, monthsAbove: 3, approver: 'Mayor' }], awarded(), to('7000000'), 'The value before or after the change is not known.'],
  ])('names what it lacks: %s', (_, approvals, award, change, note) =>
    specification(contract, { others: world({}, scheme({ approvals })) })(award)
      .when(approveChange, change, director)
      .assesses({ [rule]: { result: 'not-assessable', note } }),
  ); // prettier-ignore

  it.each([
    ['before the scheme was in force', '2015-12-31', {}],
    ['of a year in which it may have been', '2016', { [rule]: 'not-assessable' }],
    ['from its first day on', '2016-06-01', { [rule]: 'met' }],
    ['up to its last day', '2019-12-31', { [rule]: 'met' }],
    ['after it', '2020-01-01', {}],
  ] as const)('is assessed by the scheme of the day: %s', (_, effectiveOn, expected) => {
    const scheme2016 = scheme({ inForceFrom: '2016-06-01', inForceUntil: '2019-12-31' });
    return specification(contract, { others: world({}, scheme2016) })(awarded('6807000'))
      .when(approveChange, to('10210000'), { ...deputyMayor, effectiveOn })
      .assesses(expected);
  });

  it('is assessed by the row that says whether the need was unforeseen', () => {
    const rows = [
      { unforeseen: true, stepOverOriginalAbove: 50, approver: 'Mayor' },
      { unforeseen: false, stepOverOriginalAbove: 10, approver: 'Director' },
    ];
    return specification(contract, { others: world({}, scheme({ approvals: rows })) })(awarded('6807000'))
      .when(approveChange, { ...to('15200000'), unforeseen: false }, director)
      .assesses({ [rule]: { result: 'met', inputs: { approver: 'Director' } } });
  });

  it('cannot be assessed by that row when nobody says so', () =>
    specification(contract, { others: world({}, scheme({ approvals: [{ unforeseen: true, approver: 'Commissioner' }] })) })(awarded('100'))
      .when(approveChange, to('150'), director)
      .assesses({ [rule]: 'not-assessable' }));

  it.each([
    ['105', 'no approver is asked'],
    ['116', 'must approve'],
    ['110', 'within precision'],
    ['112', 'within precision'],
  ])(
    'near the limit weighs the rounding of its sources: about £%s, to £5: %s',
    (amount, note) =>
    specification(contract, { others: world({}, scheme({ approvals: [{ stepOverOriginalAbove: 10, approver: 'Commissioner' }] })) })(awarded('100'))
      .when(approveChange, { kind: 'value', to: { ...gbp(amount), qualifier: 'about', roundedTo: '5' } }, { ...director, effectiveOn: '2020' })
      .assesses({ [rule]: { result: amount === '105' ? 'met' : amount === '116' ? 'not-met' : 'not-assessable', note: expect.stringContaining(note === 'no approver is asked' ? 'asks for an approver' : note) as unknown as string } }), // prettier-ignore
  );

  it.each([
    ['at-least', '600000', 'not-met'],
    ['at-least', '400000', 'not-assessable'],
    ['at-most', '400000', 'met'],
    ['at-most', '600000', 'not-met'],
  ] as const)('knows of an original value only what its qualifier says: %s £%s', (qualifier, amount, result) =>
    specification(contract, { others: world({}, scheme({ approvals: [{ originalAtLeast: gbp('500000'), approver: 'Commissioner' }] })) })(
      context('ContractAwarded', { ...award(), value: { ...gbp(amount), qualifier } }, '2015'),
    )
      .when(approveChange, to('700000'), { ...director, effectiveOn: '2020' })
      .assesses({ [rule]: result }),
  );

  it('is assessed by every scheme that is in force', () =>
    specification(contract, {
      others: world({}, scheme(), scheme({ policy: 'code', approvals: [{ stepOverOriginalAbove: 5, approver: 'Mayor' }] })),
    })(awarded('6807000'))
      .when(approveChange, to('10210000'), { ...deputyMayor, effectiveOn: '2018' })
      .assesses({ [rule]: 'met', 'code/approval': 'not-met' }));
});

describe('an assessment of a change keeps', () => {
  const rows = (...approvals: object[]) => specification(contract, { others: world({}, scheme({ approvals })) });
  const anyChange = { stepOverOriginalAbove: 0, monthsAbove: 0, approver: 'Director' };

  it('what was changed from what to what, with its figures, and the office that decided', () =>
    rows(anyChange)(awarded('6807000'))
      .when(approveChange, { ...to('10210000'), unforeseen: true }, director)
      .assesses({
        [rule]: {
          version: '2016-1',
          result: 'met',
          inputs: {
            original: gbp('6807000'),
            current: gbp('6807000'),
            to: gbp('10210000'),
            stepOverOriginal: '0.499927',
            stepOverCurrent: '0.499927',
            cumulativeOverOriginal: '0.499927',
            endsOn: '2018-08-31',
            unforeseen: true,
            office: 'Director',
            approver: 'Director',
          },
        },
      }));

  it('the last day before and after, and no figures, where the term changes', () =>
    rows(anyChange)(awarded('6807000'))
      .when(approveChange, { kind: 'term', endsOn: '2020' }, director)
      .assesses({ [rule]: { result: 'met', inputs: { endsOn: '2018-08-31', newEndsOn: '2020' } } }));

  it('whether it was unforeseen, also where it was not', () =>
    rows(anyChange)(awarded('6807000'))
      .when(approveChange, { ...to('10210000'), unforeseen: false }, director)
      .assesses({ [rule]: { inputs: { unforeseen: false } } }));

  it.each<[why: string, row: object, change: object, record: object, note: string]>([
    ['nobody was named', anyChange, to('7000000'), {}, 'Nobody was named as deciding.'],
    ['the table needs what is not known', { unforeseen: true, approver: 'Mayor' }, to('7000000'), director, 'Unforeseen was not said.'], // prettier-ignore
    ['the limit lies within precision', { stepOverOriginalAbove: 10, approver: 'Mayor' }, { kind: 'value', to: { ...gbp('7500000'), roundedTo: '100000' } }, director, 'within precision of the limit: say what its sources are rounded to (roundedTo)'], // prettier-ignore
  ])('why it could not be assessed: %s', (_, row, change, record, note) =>
    rows(row)(awarded('6807000'))
      .when(approveChange, change, record)
      .assesses({ [rule]: { result: 'not-assessable', note: expect.stringContaining(note) as unknown as string } }),
  );

  it('that nobody knows whether the policy was in force', async () => {
    const note = 'Whether the policy was in force on that day is not known.';
    const until = specification(contract, { others: world({}, scheme({ inForceUntil: '2019', approvals: [anyChange] })) });
    await until(awarded('6807000'))
      .when(approveChange, to('7000000'), { ...director, effectiveOn: '2019' })
      .assesses({ [rule]: { result: 'not-assessable', note } });
    const from = specification(contract, { others: world({}, scheme({ inForceFrom: '2019', approvals: [anyChange] })) });
    await from(awarded('6807000'))
      .when(approveChange, to('7000000'), { ...director, effectiveOn: '2019' })
      .assesses({ [rule]: { result: 'not-assessable', note } });
  });

  it('nothing of a policy that has only checks or only write-offs', () => {
    const { approvals: _, ...bare } = scheme().data;
    const adopted = (more: object) => context('PolicyAdopted', { ...bare, ...more }, '2014');
    const others = [adopted({ policy: 'a', checks: ['standstill'] }), adopted({ policy: 'b', writeOffs: [{ approver: 'Mayor' }] })];
    return specification(contract, { others: world({}, ...others, scheme({ approvals: [anyChange] })) })(awarded('6807000'))
      .when(approveChange, to('7000000'), director)
      .assesses({ [rule]: 'met' });
  });
});

describe('a row of an approval table', () => {
  const rows = (...approvals: object[]) => specification(contract, { others: world({}, scheme({ approvals })) });
  const mayor = (row: object) => ({ ...row, approver: 'Mayor' });
  const late = { ...director, effectiveOn: '2020' };

  it('applies from exactly its original value on, whatever the change', async () => {
    const fromHalfAMillion = rows(mayor({ originalAtLeast: gbp('500000') }));
    await fromHalfAMillion(awarded('500000'))
      .when(approveChange, to('500001'), late)
      .assesses({ [rule]: 'not-met' });
    await fromHalfAMillion(awarded('499999.99'))
      .when(approveChange, to('500001'), late)
      .assesses({ [rule]: 'met' });
    await fromHalfAMillion(awarded('500000'))
      .when(approveChange, { kind: 'term', endsOn: '2020' }, late)
      .assesses({ [rule]: 'not-met' });
  });

  it.each([
    ['over', '600000', 'not-met'],
    ['over', '400000', 'not-assessable'],
    ['under', '400000', 'met'],
    ['under', '600000', 'not-met'],
    ['about', '600000', 'not-met'],
  ] as const)('knows of an original only what its qualifier says: %s £%s', (qualifier, amount, result) =>
    rows(mayor({ originalAtLeast: gbp('500000') }))(
      context('ContractAwarded', { ...award(), value: { ...gbp(amount), qualifier } }, '2015'),
    )
      .when(approveChange, to('700000'), late)
      .assesses({ [rule]: result }),
  );

  it('that limits the months says nothing of the value, and the other way round', async () => {
    await rows(mayor({ monthsAbove: 1 }))(awarded('100'))
      .when(approveChange, to('900'), late)
      .assesses({ [rule]: 'met' });
    await rows(mayor({ stepOverOriginalAbove: 1 }))(awarded('100')).when(approveChange, { kind: 'term', endsOn: '2030' }, late).assesses({ [rule]: 'met' }); // prettier-ignore
    await rows(mayor({ monthsAbove: 1, stepOverOriginalAbove: 1 }))(awarded('100')).when(approveChange, { kind: 'term', endsOn: '2030' }, late).assesses({ [rule]: 'not-met' }); // prettier-ignore
  });

  it('does not know how much longer a term is whose ends are known to the year', () =>
    rows(mayor({ monthsAbove: 6 }))(context('ContractAwarded', { ...award(), endsOn: '2018', value: gbp('100') }, '2015'))
      .when(approveChange, { kind: 'term', endsOn: '2019' }, late)
      .assesses({ [rule]: 'not-assessable' }));

  it('that needs no condition of the change but whether it was unforeseen decides by that', async () => {
    const unforeseen = rows({ unforeseen: true, approver: 'Director' }, mayor({ unforeseen: false }));
    await unforeseen(awarded('100')).when(approveChange, { ...to('150'), unforeseen: true }, late).assesses({ [rule]: { result: 'met', inputs: { approver: 'Director' } } }); // prettier-ignore
    await unforeseen(awarded('100')).when(approveChange, { ...to('150'), unforeseen: false }, late).assesses({ [rule]: { result: 'not-met', inputs: { approver: 'Mayor' } } }); // prettier-ignore
  });
});

describe('policy refuses a decision taken now, and accepts a backdated one with the unmet rules recorded', () => {
  it('is accepted when it was taken yesterday', () =>
    underScheme(awarded('6807000'))
      .when(approveChange, to('10210000'), { ...director, effectiveOn: '2026-03-01' })
      .assesses({ [rule]: 'not-met' }));

  it.each(['2026-03-02', '[2026-03-01..2026-03-02]', '2026'])('is refused when it may have been taken today: %s', (effectiveOn) =>
    underScheme(awarded('6807000'))
      .when(approveChange, to('10210000'), { ...director, effectiveOn })
      .rejects('ledger/policy-not-met'),
  );

  it('counts as taken now within the grace of its programme', async () => {
    const graceful = specification(contract, { others: world({ lateGraceDays: 14 }, scheme()) });
    const taken = (effectiveOn: string) => ({ ...director, effectiveOn });
    await graceful(awarded('6807000')).when(approveChange, to('10210000'), taken('2026-02-16')).rejects('ledger/policy-not-met');
    await graceful(awarded('6807000'))
      .when(approveChange, to('10210000'), taken('2026-02-15'))
      .assesses({ [rule]: 'not-met' });
  });

  it('needs a waiver on any day from which its history is complete', async () => {
    const broughtIn = context('ContractRecorded', {
      ...award(),
      stage: 'live',
      role: 'outside',
      value: gbp('6807000'),
      historyCompleteFrom: '2020',
    });
    const taken = (effectiveOn: string) => ({ ...director, effectiveOn });
    await underScheme(broughtIn)
      .when(approveChange, to('10210000'), taken('2019-12-31'))
      .assesses({ [rule]: 'not-met' });
    await underScheme(broughtIn).when(approveChange, to('10210000'), taken('2020-01-01')).rejects('ledger/policy-not-met');
    await underScheme(broughtIn)
      .when(approveChange, to('10210000'), { ...taken('2020-01-01'), ...waiver })
      .assesses({ [rule]: 'waived' });
  });
});

describe('a rule may be set aside', () => {
  it('by an authority, with a reason', () =>
    underScheme(awarded('6807000'))
      .when(approveChange, to('10210000'), { ...director, ...waiver })
      .assesses({ [rule]: { result: 'waived', note: 'Urgent' } }));

  it.each([
    ['a reason', { reason: undefined }],
    ['an authority', { authority: undefined }],
  ])('never without %s', (_, without) =>
    underScheme(awarded('6807000'))
      .when(approveChange, to('10210000'), { ...director, ...waiver, ...without } as object)
      .rejects('ledger/waiver-without-grounds', { pointer: '/record/waives' }),
  );

  it('only where it was not met', () =>
    underScheme(awarded('6807000'))
      .when(approveChange, to('10210000'), { ...deputyMayor, ...waiver })
      .rejects('ledger/waives-nothing', { pointer: '/record/waives', detail: rule }));

  it('never along with a rule that is not there', () =>
    underScheme(awarded('6807000'))
      .when(approveChange, to('10210000'), { ...director, ...waiver, waives: [rule, 'scheme-of-consent/four-eyes'] })
      .rejects('ledger/waives-nothing', { detail: 'four-eyes' }));
});

function gbp(amount: string) {
  return { amount, currency: 'GBP' };
}
function to(amount: string) {
  return { kind: 'value', to: gbp(amount) };
}
function award() {
  return {
    programme: 'met',
    title: 'Data centre managed service',
    suppliers: [{ supplier: 'keysource' }],
    startsOn: '2015-09-01',
    endsOn: '2018-08-31',
  };
}
/** Undisclosed when no amount is given. */
function awarded(amount?: string): GivenEvent {
  return context('ContractAwarded', { ...award(), value: amount ? gbp(amount) : { undisclosed: true } }, '2015');
}
function approved(amount: string, on: string): GivenEvent {
  return context('ChangeApproved', to(amount), on);
}
function scheme(more: object = {}): GivenEvent {
  const approver = 'Deputy Mayor for Policing and Crime';
  const row = { originalAtLeast: gbp('500000'), stepOverOriginalAbove: 10, monthsAbove: 12, approver };
  const policy = { policy: 'scheme-of-consent', title: 'Scheme of consent', version: '2016-1', inForceFrom: '2014', approvals: [row] };
  return context('PolicyAdopted', { ...policy, ...more }, '2014');
}
function world(more: object, ...events: GivenEvent[]): Stream[] {
  const met = { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP', ...more };
  return [
    stream(programme, 'met', context('ProgrammeChartered', met, '2014'), ...events),
    stream(supplier, 'keysource', context('SupplierRegistered', { title: 'Keysource', form: 'company' }, '2014')),
  ];
}
