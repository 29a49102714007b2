import { beforeAll, describe, expect, it } from '@jest/globals';
import { split } from '../../src/engine/audit/audit.js';
import { wholeDossier, type Surroundings, type WholeDossier } from '../../src/engine/audit/dossier.js';
import { aggregates, commands } from '../../src/domain/index.js';
import type { Provenance, RecordedEvent } from '../../src/kernel/index.js';
import type { Receipt } from '../../src/engine/write/receipt.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const DM = { person: 'dm', office: 'Deputy Mayor' };
const PRESS = [{ title: 'Press' }];
const NOBODY = '019353d2-0000-7000-8000-0000000000aa';
const policy = {
  policy: 'scheme',
  title: 'Scheme of consent',
  version: '1',
  inForceFrom: '2010',
  approvals: [{ stepOverOriginalAbove: 10, approver: 'Deputy Mayor' }],
};
const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: { undisclosed: true } };
const uplift = { kind: 'value', to: gbp('120') };

let world: World;
const commandOf = (name: string) => commands.find((command) => command.name === name)!;
const record = (stream: string, command: string, data: object, provenance: Provenance = {}, sent: { correlationId?: string; causationId?: string } = {}) => {
  const [category, id] = split(stream);
  const aggregate = aggregates.find((one) => one.category === category)!;
  return world.engine.handle({ command: commandOf(command), aggregate, id, body: { ...data, record: provenance }, actor: { id: 'ana' }, ...sent });
}; // prettier-ignore
const idOf = ({ events: [first] }: Receipt): string => first!.id!;

const dossierOf = async ({ decision, stream }: Receipt, more: Partial<Surroundings> = {}): Promise<WholeDossier> => {
  const all = await world.events();
  const firsts = [...new Map(all.toReversed().map((event) => [event.metadata.command.id, event])).values()].reverse();
  const events = all.filter(({ metadata }) => metadata.command.id === decision);
  return wholeDossier(events, await world.history(stream), {
    load: (category, id) => world.history(`${category}-${id}`),
    command: commandOf(events[0]!.metadata.command.name),
    correlated: async (correlation, limit) => firsts.filter(({ metadata }) => metadata.$correlationId === correlation).slice(0, limit),
    event: async (id) => all.find((event) => event.id === id),
    href: (of, revision) => `/${of}?revision=${revision}`,
    ...more,
  });
};

let awarded: Receipt;
let changed: Receipt;
let corrected: Receipt;
let seen: Receipt;
beforeAll(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
  await record('programme-met', 'AdoptPolicy', policy);
  awarded = await record('contract-hosting', 'AwardContract', award, { effectiveOn: '2015-11-01', evidence: PRESS }, { correlationId: 'case-7' });
  await record('contract-hosting', 'DiscloseValue', { value: gbp('100') }, { effectiveOn: '2016' });
  world.wait(100);
  changed = await record('contract-hosting', 'ApproveChange', uplift, { effectiveOn: '2016-03-01', decidedBy: DM, reason: 'Growth' }, { correlationId: 'case-8', causationId: idOf(awarded) });
  await record('contract-hosting', 'RecordDelay', { milestone: 'Go-live', to: '2017' }, {}, { correlationId: 'case-8', causationId: idOf(changed) });
  await record('supplier-csc', 'AddAlias', { alias: 'CSC Ltd' }, {}, { correlationId: 'case-8' });
  const claim = { pointer: '/to', value: gbp('125') };
  seen = await record('contract-hosting', 'Annotate', { event: idOf(changed), note: 'More', claim }, { evidence: PRESS });
  await record('contract-hosting', 'Annotate', { event: idOf(awarded), note: 'Of another fact' });
  const changes = [{ pointer: '/to/amount', value: '130' }, { pointer: '/record/reason', remove: true }];
  corrected = await record('contract-hosting', 'CorrectFact', { event: idOf(changed), changes, because: 'error' }, { decidedBy: DM, authority: { reference: 'PCD 2' }, reason: 'A slip' });
}); // prettier-ignore

describe('what happened to a decision since', () => {
  it('is every note, correction and withdrawal of its own facts, oldest first, with who decided it and why', async () => {
    const { since, status, ...rest } = await dossierOf(changed);
    const at = { recordedAt: '2016-04-13T09:00:00.000Z', actor: { id: 'ana' }, of: [idOf(changed)] };
    expect(since).toStrictEqual([
      {
        kind: 'annotated',
        ...at,
        event: idOf(seen),
        decision: seen.decision,
        revision: 4,
        evidence: PRESS,
        note: 'More',
        claim: { pointer: '/to', value: gbp('125') },
      },
      {
        kind: 'corrected',
        ...at,
        event: idOf(corrected),
        decision: corrected.decision,
        revision: 6,
        decidedBy: DM,
        authority: { reference: 'PCD 2' },
        reason: 'A slip',
        because: 'error',
        changes: [
          { pointer: '/to/amount', value: '130', was: '120' },
          { pointer: '/record/reason', remove: true, was: 'Growth' },
        ],
        assessed: [expect.objectContaining({ rule: 'scheme/approval', result: 'met' })],
      },
    ]);
    expect(status).toBe('corrected');
    expect(rest).not.toHaveProperty('earlierSince');
  });

  it.each([
    ['WithdrawFact', (event: string) => ({ event }), { kind: 'withdrawn' }, 'withdrawn'],
    ['MarkDuplicate', () => ({ of: 'hosting' }), { kind: 'marked-as-duplicate', duplicateOf: 'hosting' }, 'withdrawn'],
  ] as const)('%s', async (command, body, found, status) => {
    const stream = `contract-${command.toLowerCase()}`;
    const receipt = await record(stream, 'AwardContract', award, { effectiveOn: '2015' });
    await record(stream, command, body(idOf(receipt)));
    expect(await dossierOf(receipt)).toMatchObject({ status, since: [{ ...found, of: [idOf(receipt)] }] });
  });

  it('also where it was withdrawn along with another fact, and stands again', async () => {
    const first = await record('contract-b', 'AwardContract', award, { effectiveOn: '2015' });
    const second = await record('contract-b', 'RecordDelay', { milestone: 'M', to: '2017' });
    await record('contract-b', 'WithdrawFact', { event: idOf(first), withDependants: true });
    expect((await dossierOf(second)).events[0]).toHaveProperty('withdrawnBy');
    await record('contract-b', 'ReinstateFact', { event: idOf(first), withDependants: true });
    const { since, status, events } = await dossierOf(second);
    expect(since.map(({ kind, of }) => [kind, of])).toEqual([
      ['withdrawn', [idOf(second)]],
      ['reinstated', [idOf(second)]],
    ]);
    expect(status).toBe('stands');
    expect(events[0]).not.toHaveProperty('withdrawnBy');
  });

  it('is the newest 200, and how many came before', async () => {
    const receipt = await record('contract-c', 'AwardContract', award);
    for (let n = 0; n < 202; n++) await record('contract-c', 'Annotate', { event: idOf(receipt), note: `Note ${n}` });
    const { since, earlierSince } = await dossierOf(receipt);
    expect([since.length, since[0]?.note, since.at(-1)?.note, earlierSince]).toEqual([200, 'Note 2', 'Note 201', 2]);
  });
});

describe('the facts of a decision', () => {
  it('stand with their corrections and notes, and with what they changed when they were recorded', async () => {
    const { events, ...base } = await dossierOf(changed);
    expect(events).toMatchObject([
      {
        event: idOf(changed),
        type: 'ChangeApproved',
        revision: 2,
        data: uplift,
        corrections: [{ pointer: '/to/amount', was: '120' }, { pointer: '/record/reason', remove: true }],
        notes: [{ note: 'More' }],
        changed: [{ op: 'replace', path: '/ceiling/amount', was: '100', value: '120' }, { op: 'add', path: '/changes/0' }],
      },
    ]); // prettier-ignore
    for (const absent of ['withdrawnBy', 'more']) expect(events[0]).not.toHaveProperty(absent);
    expect(base).toMatchObject({
      stream: 'contract-hosting',
      decision: changed.decision,
      command: 'ApproveChange',
      summary: commandOf('ApproveChange').summary,
      effectiveOn: '2016-03-01',
      daysLate: 43,
      revision: 2,
      position: changed.position,
      evidence: [],
      asked: { ...uplift, record: { reason: 'Growth' } },
      decidedBy: DM,
      reason: 'Growth',
    });
    const { events: ofAward, evidence } = await dossierOf(awarded);
    expect(evidence).toEqual(PRESS);
    expect(ofAward[0]).not.toHaveProperty('corrections');
  });

  it('that were recorded late show what they changed at their place, not at the end', async () => {
    const award = { ...structuredClone(baseAward), value: gbp('100') };
    await record('contract-late', 'AwardContract', award, { effectiveOn: '2015' });
    await record('contract-late', 'ApproveChange', { kind: 'value', to: gbp('109') }, { effectiveOn: '2016-02' });
    const late = await record('contract-late', 'ApproveChange', { kind: 'value', to: gbp('105') }, { effectiveOn: '2015-12-01' });
    const { events } = await dossierOf(late);
    expect(events[0]!.changed).toMatchObject([
      { path: '/ceiling/amount', was: '100', value: '105' },
      { op: 'add', path: '/changes/0', value: { from: gbp('100'), to: gbp('105') } },
    ]);
    expect((await dossierOf(late)).known[0]).toMatchObject({ laterThanTheAct: 1, since: 0 });
  });

  it('of the ledger itself show what they changed in the state', async () => {
    expect((await dossierOf(corrected)).events).toMatchObject([
      {
        type: 'FactCorrected',
        changed: [
          { path: '/ceiling/amount', was: '120', value: '130' },
          { path: '/changes/0/to/amount', was: '120', value: '130' },
        ],
      },
    ]);
    expect((await dossierOf(seen)).events[0]!.changed).toEqual([]);
  });

  it('show 500 fields at most, and 128 KB, and count the others', async () => {
    const planned = (lots: readonly object[]) => record(`contract-lots-${lots.length}`, 'PlanContract', { programme: 'met', title: 'Lots', towers: ['hosting'], lots });
    const few = await dossierOf(await planned(Array.from({ length: 100 }, (_, n) => ({ lot: `l-${n}`, title: 'L' }))));
    expect(few.events[0]).not.toHaveProperty('more');
    const receipt = await planned([{ lot: 'l-0', title: 'L' }]);
    const [event] = (await world.events()).filter(({ metadata }) => metadata.command.id === receipt.decision);
    const wide = (count: number, length: number): RecordedEvent => ({
      ...event!,
      data: { ...event!.data, lots: Array.from({ length: count }, (_, n) => ({ lot: `l-${n}`, title: 'x'.repeat(length) })) },
    });
    const boundedTo = async (count: number, length: number) => {
      const now = (await world.history(receipt.stream)).atRevision(-1).extended([wide(count, length)]);
      const around = { command: undefined, correlated: async () => [], event: async () => undefined, href: () => '' };
      const { events, ...rest } = await wholeDossier([wide(count, length)], now, { ...around, load: (category, id) => world.history(`${category}-${id}`) });
      expect(rest).not.toHaveProperty('summary');
      return [events[0]!.changed.length, events[0]!.more];
    };
    const [all] = await boundedTo(1, 1);
    expect(await boundedTo(501 - (all as number), 1)).toEqual([500, undefined]);
    expect(await boundedTo(503 - (all as number), 1)).toEqual([500, 2]);
    const [kept, more] = await boundedTo(100, 2000);
    expect(kept).toBeGreaterThan(60);
    expect(kept).toBeLessThanOrEqual(66);
    expect((kept as number) + (more as number)).toBe(99 + (all as number));
    expect((await boundedTo(1, 200_000))[0]).toBeGreaterThan(0);
  }); // prettier-ignore
});

describe('what was known when it was decided', () => {
  it('is each stream as it was, with how much was recorded since: after the decision, which is not counted itself', async () => {
    const { known, assessed } = await dossierOf(changed);
    expect(known).toMatchObject([
      { stream: 'contract-hosting', revision: 1, href: '/contract-hosting?revision=1', since: 4, state: { ceiling: gbp('100') } },
      { stream: 'programme-met', revision: 1, href: '/programme-met?revision=1', since: 0, state: { policies: [{ policy: 'scheme' }] } },
    ]);
    expect(known[0]).not.toHaveProperty('laterThanTheAct');
    expect(assessed).toMatchObject([{ rule: 'scheme/approval', version: '1', result: 'met' }]);
    expect(assessed[0]).not.toHaveProperty('missing');
    expect(assessed[0]).toMatchObject({ inputs: { office: DM.office }, asRecordedBy: 'ana' });
    expect((await dossierOf(awarded)).known).toMatchObject([
      { stream: 'contract-hosting', revision: -1, state: null, since: 6 },
      { stream: 'programme-met', laterThanTheAct: 2 },
      { stream: 'tower-hosting', laterThanTheAct: 1 },
      { stream: 'supplier-csc', since: 1 },
    ]);
  });

  it('means another thing by how its day lies to the day of its recording', async () => {
    const held = 'Known is what this ledger held when the decision was recorded';
    const notThen = 'not what those who decided had before them: what was recorded in between is in it, and what nobody recorded is not.';
    const meaning = async (effectiveOn?: string) => (await dossierOf(await record('contract-hosting', 'RecordDelay', { milestone: `M ${effectiveOn}`, to: '2018' }, effectiveOn ? { effectiveOn } : {}))).knownMeans; // prettier-ignore
    expect(await meaning()).toBe(`${held}, on the day of the act.`);
    expect(await meaning('unknown')).toBe(`${held}. The day of the act is unknown, so this may be ${notThen}`);
    expect(await meaning('2016')).toBe(`${held}. The act is of 2016 and may be earlier, so this may be ${notThen}`);
    expect(await meaning('2016-04-10')).toBe(`${held}, at least 3 days after the act of 2016-04-10. It is ${notThen}`);
  });

  it('shows the first 20 streams, each up to 64 KB and 256 KB together; the others have their address', async () => {
    const names = Array.from({ length: 25 }, (_, n) => `s-${n}`);
    for (const name of names) await record(`supplier-${name}`, 'RegisterSupplier', { title: name, form: 'company' });
    const suppliers = names.map((supplier) => ({ supplier }));
    const many = await record('contract-many', 'AwardContract', { ...baseAward, suppliers, value: { undisclosed: true } });
    const { known } = await dossierOf(many);
    expect(known).toHaveLength(28);
    expect(known.map((stream) => 'since' in stream)).toEqual(known.map((_, i) => i < 20));
    expect(known[27]).toEqual({ stream: 'supplier-s-24', revision: 0, href: '/supplier-s-24?revision=0' });

    const large = async (characters: number) => {
      const load: Surroundings['load'] = async (category, id) => {
        const history = await world.history(`${category}-${id}`);
        if (category !== 'supplier') return history;
        const [first] = history.recorded;
        return history.atRevision(-1).extended([{ ...first!, data: { ...first!.data, title: 'x'.repeat(characters) } }]);
      };
      return (await dossierOf(many, { load })).known.filter((stream) => stream.state != null && stream.stream.startsWith('supplier-')).length; // prettier-ignore
    };
    expect(await large(1000)).toBe(17);
    expect(await large(60_000)).toBe(4);
    expect(await large(65_400)).toBe(3);
    expect(await large(66_000)).toBe(0);
  });
});

describe('what led to it, and what it led to', () => {
  const named = (command: string, stream: string) => expect.objectContaining({ command, stream });

  it('is its cause, what it caused, and what else has its correlation id, once each', async () => {
    const { caused } = await dossierOf(changed);
    expect(caused).toEqual({
      correlation: 'case-8',
      by: { decision: awarded.decision, command: 'AwardContract', stream: 'contract-hosting', recordedAt: '2016-01-04T09:00:00.000Z' },
      causing: [named('RecordDelay', 'contract-hosting')],
      together: [named('AddAlias', 'supplier-csc')],
    });
    expect((await dossierOf(awarded)).caused).toEqual({ correlation: 'case-7', causing: [], together: [] });
  });

  it('names the decision that caused it also where only that decision has its own id as the correlation', async () => {
    const led = await record('contract-hosting', 'RecordDelay', { milestone: 'Led', to: '2019' }, {}, { correlationId: changed.decision!, causationId: changed.decision! }); // prettier-ignore
    const { caused } = await dossierOf(led, { event: async () => undefined });
    expect(caused).toEqual({ correlation: changed.decision, by: { decision: changed.decision }, causing: [], together: [] });
    const { caused: of } = await dossierOf(changed);
    expect(of.causing.map(({ decision }) => decision)).toContain(led.decision);
    expect(of.together).toEqual([named('AddAlias', 'supplier-csc')]);
  });

  it('says the id of a cause that is not here', async () => {
    const { caused } = await dossierOf(await record('contract-hosting', 'RecordDelay', { milestone: 'X', to: '2019' }, {}, { causationId: NOBODY })); // prettier-ignore
    expect(caused).toMatchObject({ by: { decision: NOBODY }, together: [] });
  });

  it('of a correction or a note is the fact that it is about', async () => {
    expect((await dossierOf(corrected)).caused).toMatchObject({
      about: [{ decision: changed.decision, command: 'ApproveChange', event: idOf(changed), type: 'ChangeApproved' }],
    });
    const onTheWhole = await record('contract-hosting', 'Annotate', { note: 'On the whole' });
    expect((await dossierOf(onTheWhole)).caused).not.toHaveProperty('about');
    expect((await dossierOf(corrected, { event: async () => undefined })).caused).not.toHaveProperty('about');
    expect((await dossierOf(changed)).caused).not.toHaveProperty('about');
  });
});

it('what a rule lacked is said in its own words, or that it was not said', async () => {
  const open = (await world.events()).filter(({ metadata }) => metadata.command.id === changed.decision);
  const dossier = async (note?: string) => {
    const assessed = [{ rule: 'a/x', version: '1', inputs: {}, result: 'not-assessable' as const, ...(note && { note }) }];
    const events = open.map((event) => ({ ...event, metadata: { ...event.metadata, assessed } }));
    const around = { command: undefined, correlated: async () => [], event: async () => undefined, href: () => '' };
    return (await wholeDossier(events, await world.history('contract-hosting'), { ...around, load: (category, id) => world.history(`${category}-${id}`) })).assessed[0]; // prettier-ignore
  };
  expect(await dossier('unforeseen was not said.')).toMatchObject({ missing: 'unforeseen was not said.' });
  expect(await dossier()).toMatchObject({ missing: 'What it asks for was not said.' });
});

describe('a rule that judged a decision', () => {
  const judgedUnder = async (name: string, since: (adopted: Receipt) => Promise<unknown>) => {
    await record(`programme-${name}`, 'CharterProgramme', { title: name, authority: 'MPS', baseCurrency: 'GBP' });
    const adopted = await record(`programme-${name}`, 'AdoptPolicy', policy);
    await record(`programme-${name}`, 'AdoptPolicy', { ...policy, version: '2' });
    await record(`programme-${name}`, 'CorrectFact', { event: idOf(adopted), changes: [{ pointer: '/title', value: 'Known by then' }], because: 'refined' }); // prettier-ignore
    const contract = { ...baseAward, programme: name, towers: [], role: 'outside', value: gbp('100') };
    await record(`contract-of-${name}`, 'AwardContract', contract, { effectiveOn: '2015' });
    const receipt = await record(`contract-of-${name}`, 'ApproveChange', uplift, { decidedBy: DM });
    await since(adopted);
    const found = (await dossierOf(receipt)).assessed.filter(({ version }) => version === '1');
    expect(found).toHaveLength(1);
    return 'since' in found[0]! ? [found[0].since, found[0].by, found[0].text] : undefined;
  };

  it('stands where its policy stands, or only its grounds were corrected', async () => {
    expect(await judgedUnder('same', async () => undefined)).toBeUndefined();
    const grounds = [{ pointer: '/evidence', value: PRESS }, { pointer: '/record/reason', value: 'Adopted' }]; // prettier-ignore
    expect(
      await judgedUnder('grounds', (adopted) => record('programme-grounds', 'CorrectFact', { event: idOf(adopted), changes: grounds, because: 'refined' })), // prettier-ignore
    ).toBeUndefined();
    expect(await judgedUnder('noted', (adopted) => record('programme-noted', 'Annotate', { event: idOf(adopted), note: 'Seen' }))).toBeUndefined(); // prettier-ignore
  });

  it('is marked where its policy was corrected or withdrawn since, with the event that did it', async () => {
    let by = '';
    const sent = async (command: string, programme: string, body: object) => void (by = idOf(await record(programme, command, body)));
    const changes = [{ pointer: '/approvals/0/stepOverOriginalAbove', value: 25 }];
    expect(
      await judgedUnder('corrected', (adopted) => sent('CorrectFact', 'programme-corrected', { event: idOf(adopted), changes, because: 'error' })), // prettier-ignore
    ).toEqual(['corrected', by, 'assessed under a rule since corrected']);
    expect(await judgedUnder('withdrawn', (adopted) => sent('WithdrawFact', 'programme-withdrawn', { event: idOf(adopted) }))).toEqual([
      'withdrawn',
      by,
      'assessed under a rule since withdrawn',
    ]);
  });
});

const baseAward = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }] };
