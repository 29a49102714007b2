import { describe, expect, it } from '@jest/globals';
import { dossierPage, shown } from '../../src/engine/audit/dossier-page.js';
import type { WholeDossier } from '../../src/engine/audit/dossier.js';
import { markdownOf } from '../../src/engine/audit/document.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const ana = { id: 'ana' };
const dossier: WholeDossier = {
  decision: 'd-1',
  command: 'ApproveChange',
  stream: 'contract-met-hosting',
  revision: 3,
  position: '7',
  recordedAt: '2016-04-13T09:00:00.000Z',
  effectiveOn: '2016-04-13',
  actor: ana,
  decidedBy: undefined,
  authority: undefined,
  reason: undefined,
  correlation: 'd-1',
  evidence: [],
  asked: { record: {} },
  status: 'stands',
  since: [],
  assessed: [],
  knownMeans: 'Known is what this ledger held.',
  known: [],
  events: [],
  caused: { correlation: 'd-1', causing: [], together: [] },
};
const textOf = (more: Partial<WholeDossier>, position: string | null = '9'): string =>
  markdownOf(dossierPage({ ...dossier, ...more }, { position }, [{ event: 'e-1', href: '/proofs/inclusion/e-1' }]));
/** What stands under a heading, up to the next one of its level or above. */
const under = (heading: string, more: Partial<WholeDossier>): string => {
  const [, rest = ''] = textOf(more).split(`## ${heading}\n`);
  return rest.split('\n## ')[0]!.trim();
};

describe('the head of a dossier', () => {
  it('says what was decided, when, by whom and on which paper', () => {
    const decided = { decidedBy: { person: 'dm', office: 'Deputy Mayor' }, authority: { reference: 'PCD 813', limit: gbp('1000') } };
    const asked = { summary: 'Approve a change.', reason: 'Growth', daysLate: 43, actor: { id: 'system', role: 'automation' } };
    expect(textOf({ ...decided, ...asked }).split('\n\n## What was asked')[0]).toBe(`# ApproveChange of contract met-hosting, PCD 813

|  |  |
| --- | --- |
| Decision | [d-1](</decisions/d-1>) |
| Command | ApproveChange: Approve a change. |
| Stream | contract met-hosting to revision 3 |
| Day of the act | 2016-04-13 |
| Recorded | 2016-04-13T09:00:00.000Z, at least 43 days late |
| Recorded by | system, as automation |
| Decided by | Deputy Mayor (dm) |
| Authority | PCD 813, up to £1,000 |
| Reason | Growth |
| True for | position 9 of the ledger |`);
  });

  it('says of what nobody recorded that it is not recorded', () => {
    expect(textOf({ effectiveOn: 'unknown' }, null).split('\n\n## What was asked')[0]).toBe(`# ApproveChange of contract met-hosting

|  |  |
| --- | --- |
| Decision | [d-1](</decisions/d-1>) |
| Command | ApproveChange |
| Stream | contract met-hosting to revision 3 |
| Day of the act | unknown |
| Recorded | 2016-04-13T09:00:00.000Z |
| Recorded by | ana |
| Decided by | not recorded |
| Authority | not recorded |
| Reason | not recorded |
| True for | position none of the ledger |`);
    expect(textOf({ decidedBy: { person: 'p-1' }, authority: { reference: 'PCD 1' } })).toContain(
      '| Decided by | no office recorded (p-1) |\n| Authority | PCD 1 |\n',
    );
  });

  it('is the title of the page', () =>
    expect(dossierPage(dossier, { position: null }, []).title).toBe('ApproveChange of contract met-hosting: dossier'));
});

describe('before anything else a reader sees', () => {
  const event = { event: 'e-2', decision: 'd-2', revision: 4, recordedAt: '2017-01-01T00:00:00.000Z', actor: ana, of: ['e-1'] };
  const linked = '[decision d-2](</decisions/d-2>)';
  const banner = (more: Partial<WholeDossier>): string[] => textOf(more).split('\n').filter((line) => line.startsWith('> - ')); // prettier-ignore

  it('nothing where nothing was recorded about the decision since', () => {
    expect(banner({})).toEqual([]);
    expect(textOf({ assessed: [{ rule: 'a/x', version: '1', inputs: {}, result: 'met' }] })).toMatch(/^# [^\n]*\n\n\|/);
  });

  it('what became of it, newest last, and how', () => {
    const corrected = {
      kind: 'corrected' as const,
      ...event,
      because: 'error',
      changes: [{ pointer: '/to', was: gbp('120'), value: gbp('130') }, { pointer: '/reason', was: 'Growth', remove: true as const }], // prettier-ignore
      assessed: [{ rule: 'scheme/approval', version: '1', inputs: {}, result: 'met' as const }],
      reason: 'A slip',
    };
    expect(
      banner({
        status: 'corrected',
        since: [
          { kind: 'annotated', ...event, note: 'Seen', claim: { pointer: '/to', value: gbp('125') } },
          corrected,
          { kind: 'withdrawn', ...event, actor: { id: 'system', role: 'automation' } },
          { kind: 'reinstated', ...event },
          { kind: 'marked-as-duplicate', ...event, duplicateOf: 'print' },
        ],
      }),
    ).toEqual([
      '> - CORRECTED SINCE',
      `> - Annotated on 2017-01-01T00:00:00.000Z by ana (${linked}). Seen; another source says /to £125`,
      `> - Corrected on 2017-01-01T00:00:00.000Z by ana (${linked}). /to: £120 → £130; /reason: Growth → removed; because: error; A slip; assessed again by scheme/approval 1: met`,
      `> - Withdrawn: it never happened on 2017-01-01T00:00:00.000Z by system, as automation (${linked})`,
      `> - Reinstated: the withdrawal was taken back on 2017-01-01T00:00:00.000Z by ana (${linked})`,
      `> - Marked as a duplicate on 2017-01-01T00:00:00.000Z by ana (${linked}). of print`,
    ]);
  });

  it.each([
    ['stands', 'Since then'],
    ['corrected', 'CORRECTED SINCE'],
    ['withdrawn', 'WITHDRAWN SINCE'],
    ['partly-withdrawn', 'WITHDRAWN IN PART SINCE'],
  ] as const)('that a decision %s: %s', (status, head) => {
    const since = [{ kind: 'annotated' as const, ...event }];
    expect(banner({ status, since })[0]).toBe(`> - ${head}`);
    expect(banner({ status, since, earlierSince: 3 })[0]).toBe(`> - ${head}: the newest 1, and 3 before them`);
  });

  it('that a rule which judged it was withdrawn since', () => {
    const gone = { since: 'withdrawn' as const, by: 'e-9', text: 'assessed under a rule since withdrawn' };
    const assessed = [
      { rule: 'a/x', version: '1', inputs: {}, result: 'met' as const },
      { rule: 'a/y', version: '2', inputs: {}, result: 'met' as const, ...gone },
    ];
    expect(banner({ assessed })).toEqual(['> - Since then', '> - a/y 2: assessed under a rule since withdrawn']);
  });
});

describe('what was asked', () => {
  const asked = (body: WholeDossier['asked']) => under('What was asked', { asked: { ...body, record: { reason: 'Growth' } } });

  it('is each field that was sent, without its grounds', () => {
    expect(asked({ to: gbp('120'), was: { undisclosed: true }, none: { unknown: true }, option: { months: 6, name: null }, towers: ['a', 'b'], open: true })).toBe(`| Field | Sent |
| --- | --- |
| /to | £120 |
| /was | undisclosed |
| /none | unknown |
| /option/months | 6 |
| /option/name | – |
| /towers | \\["a","b"\\] |
| /open | true |`); // prettier-ignore
    expect(asked({ value: { withheld: { until: '2018', why: 'commercial' } } })).toContain('| /value | withheld until 2018 (commercial) |');
  });

  it('shows each entry of a list of objects, and of a long list how long it is', () => {
    const list = (n: number) => Array.from({ length: n }, (_, i) => ({ lot: `l${i}` }));
    expect(asked({ lots: list(2), more: [null, { lot: 'x' }], none: [], nothing: {} })).toBe(`| Field | Sent |
| --- | --- |
| /lots/0/lot | l0 |
| /lots/1/lot | l1 |
| /more/0 | – |
| /more/1/lot | x |`);
    expect(asked({ lots: list(10) }).split('\n')).toHaveLength(12);
    expect(asked({ lots: list(11) })).toBe('| Field | Sent |\n| --- | --- |\n| /lots | 11 entries |');
    expect(asked({ lots: Array(11).fill('l') })).toContain('| /lots | 11 entries |');
  });

  it('is nothing where the command has no fields', () => expect(asked({})).toBe('The command has no fields.'));
});

it('evidence leads to its source, with what was recorded of it', () => {
  expect(under('Evidence', {})).toBe('None was recorded.');
  const evidence = [
    { title: 'PCD 813', uri: 'https://example.org/813', published: '2019-08', paragraph: '1.2', confidence: 'primary' as const, sha256: 'ab12' }, // prettier-ignore
    { uri: 'https://example.org/x' },
    { title: 'The minutes', published: '2020' },
    {},
  ];
  expect(under('Evidence', { evidence })).toBe(`| Source |
| --- |
| [PCD 813](<https://example.org/813>) · published 2019-08 · paragraph 1.2 · confidence: primary · https://example.org/813 · SHA-256 ab12 |
| [https://example.org/x](<https://example.org/x>) |
| The minutes · published 2020 |
| untitled |`);
});

describe('what a decision changed', () => {
  const event = { event: 'e-1', type: 'ChangeApproved', revision: 3, position: '7', data: {} };
  const changes = (n: number) => Array.from({ length: n }, (_, i) => ({ op: 'add' as const, path: `/p${i}`, value: i }));

  it('is each field, before and after', () => {
    const changed = [
      { op: 'replace' as const, path: '/ceiling', was: gbp('100'), value: gbp('120') },
      { op: 'add' as const, path: '/dates/signed', value: '2016' },
      { op: 'remove' as const, path: '/notice', was: { by: 'authority' } },
    ];
    expect(under('What it changed', { events: [{ ...event, changed }] })).toBe(`### ChangeApproved, revision 3 of contract-met-hosting

| Field | Before | After |
| --- | --- | --- |
| /ceiling | £100 | £120 |
| /dates/signed | – | 2016 |
| /notice | {"by":"authority"} | removed |`);
  });

  it('is said in words where no field changed', () => {
    expect(under('What it changed', { events: [{ ...event, changed: [] }] })).toContain('It changed nothing in the state.');
    expect(under('What it changed', { events: [{ ...event, type: 'FactAnnotated', changed: [] }] })).toContain(
      'It changed how other facts are read.',
    );
  });

  it('counts what is left out: more than 200 rows, and what the dossier left out already', () => {
    const rest = (changed: ReturnType<typeof changes>, more?: number) => {
      const text = under('What it changed', { events: [{ ...event, changed, ...(more && { more }) }] });
      return [text.split('\n').filter((line) => line.startsWith('| /p')).length, /(\d+) further changes are in the history of the stream\./.exec(text)?.[1]]; // prettier-ignore
    };
    expect(rest(changes(200))).toEqual([200, undefined]);
    expect(rest(changes(203))).toEqual([200, '3']);
    expect(rest(changes(203), 40)).toEqual([200, '43']);
    expect(rest(changes(2), 40)).toEqual([2, '40']);
  });
});

it('the rules that judged it stand with what they were asked, what they said and what became of them', () => {
  expect(under('Rules', {})).toBe('No adopted rule judged it.');
  const inputs = { office: 'Deputy Mayor', current: gbp('100') };
  const assessed = [
    { rule: 'scheme/approval', version: '1', inputs, result: 'waived' as const, note: 'Growth', asRecordedBy: 'ana', since: 'corrected' as const, by: 'e', text: 'assessed under a rule since corrected' }, // prettier-ignore
    { rule: 'law/cap', version: '2', inputs: { step: 7 }, result: 'met' as const },
  ];
  expect(under('Rules', { assessed })).toBe(`### scheme/approval 1: waived

assessed under a rule since corrected

Growth

Who decided is as recorded by ana.

| Input | As judged |
| --- | --- |
| /office | Deputy Mayor |
| /current | £100 |

### law/cap 2: met

| Input | As judged |
| --- | --- |
| /step | 7 |`);
});

describe('what was known', () => {
  const known = (more: object) => under('What was known', { known: [{ stream: 'programme-met', revision: 1, href: '/programmes/met?revision=1', ...more }] }); // prettier-ignore
  const address = '[/programmes/met?revision=1](</programmes/met?revision=1>)';

  it('begins with what it means', () => expect(under('What was known', {})).toBe('Known is what this ledger held.'));

  it('is each stream as it was, with what was recorded since and what lies after the act', () => {
    expect(known({ state: { title: 'Met', stage: 'chartered' }, since: 1, laterThanTheAct: 2 })).toBe(`Known is what this ledger held.

### programme met, at revision 1

| Field | Known as |
| --- | --- |
| /title | Met |
| /stage | chartered |

1 event was recorded there since. 2 of the facts known are of a later day than the act. All of it: ${address}`);
    expect(known({ state: { title: 'Met' }, since: 2 })).toMatch(/\n2 events were recorded there since\. All of it: /);
    expect(known({ state: { title: 'Met' }, since: 0 })).toMatch(/\| Met \|\n\nAll of it: /);
  });

  it('is not shown where it is too large, and leads to it', () => {
    expect(known({ since: 3 })).toMatch(/\n3 events were recorded there since\. Its content: \[/);
    expect(known({}).endsWith(`### programme met, at revision 1\n\nIts content: ${address}`)).toBe(true);
  });

  it('says of a stream without an event that nothing was recorded', () =>
    expect(known({ revision: -1, since: 4, state: null })).toBe(
      'Known is what this ledger held.\n\n### programme met, before its first event\n\nNothing was recorded of it.',
    ));

  it('shows 60 fields, and counts the others', () => {
    const state = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`f${i}`, i]));
    const rows = (text: string) => text.split('\n').filter((line) => line.startsWith('| /f')).length;
    expect([rows(known({ state: state(60) })), known({ state: state(60) }).includes('All of it: ')]).toEqual([60, true]);
    expect([rows(known({ state: state(62) })), known({ state: state(62) }).includes('2 further fields: [')]).toEqual([60, true]);
  });
});

describe('caused by and causing', () => {
  const named = (n: number) => ({ decision: `d-${n}`, command: 'SignContract', stream: 'contract-met-hosting', recordedAt: '2017' });
  const caused = (more: object) => under('Caused by and causing', { caused: { ...dossier.caused, ...more } });
  const table = (row: string) => `| What | Of | Recorded | Decision |\n| --- | --- | --- | --- |\n${row}`;
  const row = (n: number, what = 'SignContract') => `| ${what} | contract met-hosting | 2017 | [d-${n}](</decisions/d-${n}>) |`;

  it('names what led to the decision, what it is about, what it led to and what was recorded with it', () =>
    expect(
      caused({ by: named(2), about: [{ ...named(3), event: 'e-3', type: 'ContractSigned' }], causing: [named(4)], together: [named(5)] }),
    ).toBe(
      [
        `### Caused by\n\n${table(row(2))}`,
        `### About\n\n${table(row(3, 'ContractSigned, by SignContract'))}`,
        `### Led to\n\n${table(row(4))}`,
        `### Recorded together with\n\n${table(row(5))}`,
      ].join('\n\n'),
    ));

  it('says where the cause is not recorded here, and where there is nothing', () => {
    expect(caused({ by: { decision: 'd-8' } })).toBe('Caused by d-8, which is not recorded here.');
    expect(caused({})).toBe('Nothing else is recorded under the correlation id d-1.');
    expect(caused({ causing: [named(4)] })).toBe(`### Led to\n\n${table(row(4))}`);
  });
});

it('a reader can check it: by its proof, and by replaying it', () => {
  expect(under('Proof', {})).toBe(
    '| Event | Its place in the signed ledger |\n| --- | --- |\n| e-1 | [/proofs/inclusion/e-1](</proofs/inclusion/e-1>) |',
  );
  expect(under('Check it', {})).toBe(
    'Taken again from what was known: [/decisions/d-1/replay](</decisions/d-1/replay>). As JSON or Markdown: the same address with the header Accept.',
  );
});

describe('a value for people', () => {
  it.each([
    [undefined, '–'],
    [null, '–'],
    ['Hosting', 'Hosting'],
    [7, '7'],
    [false, 'false'],
    [gbp('96000000'), '£96m'],
    [{ ...gbp('96000000'), qualifier: 'about' }, 'about £96m'],
    [{ undisclosed: true }, 'undisclosed'],
    [{ undisclosed: false }, '{"undisclosed":false}'],
    [{ unknown: true }, 'unknown'],
    [{ unknown: false }, '{"unknown":false}'],
    [{ amount: '5', currency: 'XXX' }, '{"amount":"5","currency":"XXX"}'],
    [{ amount: 5, currency: 'GBP' }, '{"amount":5,"currency":"GBP"}'],
    [{ amount: '5' }, '{"amount":"5"}'],
    [{ withheld: 'yes' }, '{"withheld":"yes"}'],
    [['a'], '["a"]'],
  ])('%j reads %s', (value, text) => expect(shown(value)).toBe(text));

  it('is cut at 5,000 characters, and says how long it is', () => {
    expect(shown('x'.repeat(5000))).toBe('x'.repeat(5000));
    expect(shown('x'.repeat(5001))).toBe(`${'x'.repeat(5000)}… (5001 characters)`);
    expect(shown(['x'.repeat(5000)])).toBe(`["${'x'.repeat(4998)}… (5004 characters)`);
  });
});
