import { beforeAll, describe, expect, it } from '@jest/globals';
import { aggregates, commands, withPolicy } from '../../src/domain/index.js';
import { replayLine, Versions } from '../../src/engine/audit/replays.js';
import type { Receipt } from '../../src/engine/write/receipt.js';
import type { RecordedEvent } from '../../src/kernel/index.js';
import { HistoryBrokenError, StoreUnavailableError, type EventStore } from '../../src/store/event-store.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const DM = { person: 'dm', office: 'Deputy Mayor' };
const scheme = (approver: string, above = 10, more: object = {}) => ({ policy: 'scheme', title: 'Scheme of consent', version: '1', inForceFrom: '2010', approvals: [{ stepOverOriginalAbove: above, approver }], ...more }); // prettier-ignore
type Policy = Parameters<typeof withPolicy>[1];

let world: World;
let [uplift, backdated, noted]: Receipt[] = [];
const eventsOf = async (receipt: Receipt | undefined) => (await world.events()).filter(({ metadata }) => metadata.command.id === receipt!.decision); // prettier-ignore
const commandOf = ([first]: readonly RecordedEvent[]) => commands.find(({ name }) => name === first!.metadata.command.name);
/** As a replay of the decision goes, with another policy where one is given. */
const line = async (receipt: Receipt | undefined, policy?: object, change: (event: RecordedEvent) => RecordedEvent = (event) => event) => {
  const events = (await eventsOf(receipt)).map(change);
  const whatIf = policy && ((state: Parameters<typeof withPolicy>[0], on: string) => withPolicy(state, policy as Policy, on));
  return replayLine(new Versions(world.store, aggregates), commandOf(events), events, whatIf);
};

beforeAll(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
  await world.record('programme-met', 'AdoptPolicy', scheme('Deputy Mayor'));
  await world.record('contract-hosting', 'AwardContract', { programme: 'met', title: 'Hosting', suppliers: [{ supplier: 'csc' }], value: gbp('100') }, { effectiveOn: '2015' }); // prettier-ignore
  const change = (to: string, record: object) => world.record('contract-hosting', 'ApproveChange', { kind: 'value', to: gbp(to) }, record);
  backdated = await change('120', { effectiveOn: '2015-06', decidedBy: DM });
  uplift = await change('140', { decidedBy: DM, authority: { reference: 'PCD 1' } });
  noted = await world.record('contract-hosting', 'Annotate', { note: 'Seen' });
  await world.record('contract-hosting', 'RecordDelay', { milestone: 'M', to: '2018' });
});

describe('a decision that is replayed', () => {
  it('is the same, in a line that says which it was', async () => {
    expect(await line(uplift)).toEqual({
      decision: uplift!.decision,
      command: 'ApproveChange',
      stream: 'contract-hosting',
      revision: 2,
      recordedAt: '2016-01-04T09:00:00.000Z',
      effectiveOn: '2016-01-04',
      reference: 'PCD 1',
      outcome: 'same',
    });
    expect(await line(noted)).toEqual(expect.not.objectContaining({ reference: expect.anything() }));
  });

  it('with another policy is refused now, and says what each rule would say', async () => {
    expect(await line(uplift, scheme('Mayor'))).toMatchObject({
      outcome: 'refused',
      refused: { code: 'ledger/policy-not-met', detail: expect.stringContaining('Mayor must approve this') },
      results: { recorded: [{ rule: 'scheme/approval', version: '1', result: 'met' }], again: [] },
    });
  });

  it('with another policy differs, where it was recorded late', async () => {
    const { outcome, results, differences, more } = await line(backdated, scheme('Mayor'));
    expect([outcome, more]).toEqual(['differs', undefined]);
    expect(results).toEqual({
      recorded: [{ rule: 'scheme/approval', version: '1', result: 'met' }],
      again: [{ rule: 'scheme/approval', version: '1', result: 'not-met' }],
    });
    expect(differences).toContainEqual(expect.objectContaining({ path: '/events/0/assessed/0/result', was: 'met', value: 'not-met' }));
  });

  it('with the same rules in another version and other words is the same', async () => {
    const same = await line(backdated, scheme('Deputy Mayor', 10, { version: '9', title: 'In other words' }));
    expect(same).toMatchObject({ outcome: 'same' });
    expect(same).not.toHaveProperty('results');
    expect(same).not.toHaveProperty('differences');
  });

  it('that knew another revision is not the same, whatever the policy', async () => {
    const knew = (event: RecordedEvent): RecordedEvent => ({
      ...event,
      metadata: { ...event.metadata, known: event.metadata.known.concat({ stream: 'supplier-atos', revision: 0 }) },
    });
    const changed = { outcome: 'differs', differences: [{ op: 'remove', path: '/known/supplier-atos', was: 0 }] };
    expect(await line(backdated, undefined, knew)).toMatchObject(changed);
    expect((await line(backdated, scheme('Deputy Mayor'), knew)).outcome).toBe('differs');
  });

  it('shows 100 operations, and 64 KB of them, and counts the others', async () => {
    const known = (count: number, length = 1) => (event: RecordedEvent): RecordedEvent => ({
      ...event,
      metadata: { ...event.metadata, known: event.metadata.known.concat(Array.from({ length: count }, (_, n) => ({ stream: `supplier-${'x'.repeat(length)}${n}`, revision: 0 }))) },
    }); // prettier-ignore
    const shown = async (...of: Parameters<typeof known>) => {
      const { differences, more } = await line(noted, undefined, known(...of));
      return [differences?.length, more];
    };
    expect(await shown(100)).toEqual([100, undefined]);
    expect(await shown(103)).toEqual([100, 3]);
    expect(await shown(50, 2000)).toEqual([31, 19]);
  });
});

describe('a decision that cannot be replayed', () => {
  it('says that its command is no longer there', async () => {
    const events = await eventsOf(noted);
    expect(await replayLine(new Versions(world.store, aggregates), undefined, events)).toMatchObject({
      decision: noted!.decision,
      outcome: 'failed',
      error: 'There is no command Annotate any more.',
    });
  });

  it('says what keeps its history from being folded, or that it ends too early', async () => {
    const far = (event: RecordedEvent): RecordedEvent => ({ ...event, revision: 90 });
    expect(await line(noted, undefined, far)).toMatchObject({
      outcome: 'failed',
      error: 'contract-hosting ends at revision 4, before 89.',
    });
    const events = await eventsOf(noted);
    const thrown = (error: unknown) => replayLine({ at: async () => { throw error; } } as unknown as Versions, commandOf(events), events); // prettier-ignore
    expect(await thrown(new TypeError('No such event.'))).toMatchObject({ outcome: 'failed', error: 'No such event.' });
    expect(await thrown('a text')).toMatchObject({ outcome: 'failed', error: 'a text' });
    expect(await thrown(new HistoryBrokenError('Broken.'))).toMatchObject({ outcome: 'failed', error: 'Broken.' });
  });

  it('is not said of a store that is away: that passes', async () => {
    const events = await eventsOf(noted);
    const away = { at: async () => Promise.reject(new StoreUnavailableError('The store is away.')) } as unknown as Versions;
    await expect(replayLine(away, commandOf(events), events)).rejects.toThrow(StoreUnavailableError);
  });
});

describe('streams at the revisions that decisions knew', () => {
  const counting = () => {
    const read: [from: number | undefined, limit: number | undefined][] = [];
    const store: Pick<EventStore, 'genesis' | 'read' | 'readLocal'> = {
      genesis: world.store.genesis,
      read: (stream, from, limit) => (read.push([from, limit]), world.store.read(stream, from, limit)),
    };
    return { read, versions: new Versions(store, aggregates) };
  };

  it('are read on from where they were, and an earlier one is made of what was read', async () => {
    const { read, versions } = counting();
    for (const revision of [1, 3, 3, 0, -1]) expect((await versions.at('contract', 'hosting', revision)).revision).toBe(revision);
    expect(read).toEqual([[0, 2], [2, 2]]); // prettier-ignore
    expect((await versions.at('contract', 'hosting', 1)).state.stage).toBe('awarded');
    expect((await versions.at('contract', 'nobody', -1)).revision).toBe(-1);
    expect(read).toHaveLength(2);
    await expect(versions.at('contract', 'hosting', 9)).rejects.toThrow(HistoryBrokenError);
  });

  it('go on with events that are read anyway, in order, from the first', async () => {
    const { read, versions } = counting();
    const events = await world.store.read('contract-hosting');
    versions.goOn(events.slice(1, 2)); // not from the first: left alone
    versions.goOn(events.slice(0, 1));
    versions.goOn(events.slice(1, 3));
    versions.goOn(events.slice(4)); // one is missing between
    expect((await versions.at('contract', 'hosting', 2)).revision).toBe(2);
    expect(read).toEqual([]);
    expect((await versions.at('contract', 'hosting', 3)).revision).toBe(3);
    expect(read).toEqual([[3, 1]]);
  });

  it('are read again where an event could not be folded', async () => {
    const { read, versions } = counting();
    const [first] = await world.store.read('contract-hosting');
    versions.goOn([first!]);
    versions.goOn([{ ...first!, revision: 1 }]); // awarded twice
    expect((await versions.at('contract', 'hosting', 0)).revision).toBe(0);
    expect(read).toEqual([[0, 1]]);
  });
});
