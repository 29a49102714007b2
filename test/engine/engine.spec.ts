import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { commands, aggregates } from '../../src/domain/index.js';
import { contract } from '../../src/domain/contract/index.js';
import { split } from '../../src/engine/audit/audit.js';
import { Engine, OverloadedError, StaleRevisionError, type CommandRequest } from '../../src/engine/write/engine.js';
import { IdempotencyKeyReusedError, type Receipt } from '../../src/engine/write/receipt.js';
import { commandIdOf } from '../../src/engine/write/command-id.js';
import { UnsupportedSchemaVersionError, type NewEvent, type RecordedEvent } from '../../src/kernel/index.js';
import { OutcomeUnknownError, StoreUnavailableError } from '../../src/store/event-store.js';
import { memoryStore, MemoryStore } from '../fakes/memory-store.js';
import { bounded, moves, play } from '../random-history.js';
import { appendAll } from './rows-after.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const charter = { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' };
const csc = { title: 'CSC', form: 'company' };
const award = { programme: 'met', title: 'Hosting', suppliers: [{ supplier: 'csc' }], value: gbp('95000000') };

let store: MemoryStore;
let now: string;
let ids: number;
const newId = () => `019353d2-0000-7000-8000-${String(++ids).padStart(12, '0')}`;
/** The clock advances by a millisecond on every read. */
const tick = () => (now = Temporal.Instant.from(now).add({ milliseconds: 1 }).toString({ smallestUnit: 'millisecond' }));
const engineOn = (on: MemoryStore, queue?: number) => new Engine({ store: on, now: tick, newId }, aggregates, queue);

let engine: Engine;
const send = (stream: string, command: string, body: object = {}, more: Partial<CommandRequest> = {}, by = engine): Promise<Receipt> => {
  const [category, id] = split(stream);
  const target = {
    command: commands.find(({ name }) => name === command)!,
    aggregate: aggregates.find((s) => s.category === category)!,
    id,
  };
  return by.handle({ ...target, body: body as CommandRequest['body'], actor: { id: 'ana' }, ...more });
};
const hosting = (command: string, body?: object, more?: Partial<CommandRequest>, by?: Engine) =>
  send('contract-hosting', command, body, more, by);
const recorded = (stream = 'contract-hosting'): Promise<readonly RecordedEvent[]> => store.read(stream);
const metadata = async (stream?: string) => (await recorded(stream)).at(-1)!.metadata;
const key = (idempotencyKey: string): Partial<CommandRequest> => ({ idempotencyKey });

beforeEach(async () => {
  store = memoryStore();
  now = '2026-03-01T09:00:00.000Z';
  ids = 0;
  engine = engineOn(store);
  await send('programme-met', 'CharterProgramme', { ...charter, record: { effectiveOn: '2014' } });
  await send('supplier-csc', 'RegisterSupplier', { ...csc, record: { effectiveOn: '2014' } });
});

describe('a command that is sent again with its idempotency key', () => {
  it('gets the original response, from what is stored', async () => {
    const { outcome, ...first } = await hosting('AwardContract', award, key('k'));
    expect([outcome, first.decision]).toEqual(['accepted', commandIdOf('contract-hosting', 'k')]);
    expect(await hosting('AwardContract', award, key('k'))).toEqual({ ...first, outcome: 'replayed' });
    expect(await recorded()).toHaveLength(1);
  });

  it('is answered before anything is decided, even when the command would be refused now', async () => {
    await hosting('AwardContract', award, key('k'));
    await hosting('SignContract');
    expect(await hosting('AwardContract', award, { ...key('k'), ifMatch: [7] })).toMatchObject({ outcome: 'replayed', revision: 0 });
    await expect(hosting('AwardContract', award, key('other'))).rejects.toMatchObject({ code: 'contract/stage' });
  });

  it('is recognised in any order of its fields', async () => {
    await hosting('AwardContract', award, key('k'));
    const turned = Object.fromEntries(Object.entries(award).reverse());
    expect(await hosting('AwardContract', turned, key('k'))).toMatchObject({ outcome: 'replayed' });
  });

  it('is recognised by a process that has just started', async () => {
    await hosting('AwardContract', award, key('k'));
    expect(await hosting('AwardContract', award, key('k'), engineOn(store))).toMatchObject({ outcome: 'replayed' });
  });

  it.each<[string, Promise<Receipt> | (() => Promise<Receipt>)]>([
    ['another body', () => hosting('AwardContract', { ...award, value: gbp('1') }, key('k'))],
    ['another command', () => hosting('SignContract', {}, key('k'))],
    ['another actor', () => hosting('AwardContract', award, { ...key('k'), actor: { id: 'ben' } })],
  ])('is refused when it is reused for %s', async (_, again) => {
    await hosting('AwardContract', award, key('k'));
    await expect((again as () => Promise<Receipt>)()).rejects.toBeInstanceOf(IdempotencyKeyReusedError);
    expect(await recorded()).toHaveLength(1);
  });

  it('is independent of the same key on another stream', async () => {
    await hosting('AwardContract', award, key('k'));
    expect(await send('contract-networks', 'AwardContract', award, key('k'))).toMatchObject({ outcome: 'accepted' });
  });

  it('is decided again after a refusal, a stale revision or a dry run: nothing of those is remembered', async () => {
    await expect(hosting('SignContract', {}, key('k'))).rejects.toMatchObject({ code: 'contract/unknown' });
    await expect(hosting('AwardContract', award, { ...key('a'), ifMatch: [4] })).rejects.toBeInstanceOf(StaleRevisionError);
    expect(await hosting('AwardContract', award, { ...key('a'), dryRun: true })).toMatchObject({ outcome: 'dry-run' });
    expect(await hosting('AwardContract', award, key('a'))).toMatchObject({ outcome: 'accepted' });
    expect(await hosting('SignContract', {}, key('k'))).toMatchObject({ outcome: 'accepted' });
  });
});

describe('on every history that the ledger accepts', () => {
  it('repeating any command changes nothing, whatever has been recorded since', async () => {
    let [runs, repeated] = [0, 0];
    await fc.assert(
      fc.asyncProperty(moves(), async (tried) => {
        const world = await play(tried);
        const before = await world.events();
        for (const [then, now] of await world.again()) {
          expect(now).toEqual({ ...then, outcome: 'replayed' });
          repeated++;
        }
        expect(await world.events()).toEqual(before);
        runs++;
      }),
      { numRuns: 60, ...bounded },
    );
    expect(runs).toBeGreaterThan(0); // all where there is time
    expect(repeated).toBeGreaterThan(5 * runs);
  });
});

describe('a dry run', () => {
  it('returns what would be recorded, known and assessed, and records nothing', async () => {
    const approvals = [{ stepOverOriginalAbove: 10, approver: 'Deputy Mayor' }];
    await send('programme-met', 'AdoptPolicy', { policy: 'scheme', title: 'Scheme', version: '1', inForceFrom: '2014', approvals });
    await hosting('AwardContract', { ...award, record: { effectiveOn: '2015' } });
    const change = { kind: 'value', to: gbp('150000000'), record: { decidedBy: { person: 'p-1', office: 'Deputy Mayor' } } };
    const tried = await hosting('ApproveChange', change, { dryRun: true });
    expect(tried.events).toEqual([{ type: 'ChangeApproved', data: { kind: 'value', to: gbp('150000000') } }]);
    expect(tried).toMatchObject({ outcome: 'dry-run', revision: 0, known: [{ stream: 'programme-met', revision: 1 }] });
    expect(tried.assessed).toMatchObject([{ rule: 'scheme/approval', result: 'met' }]);
    expect(tried).not.toHaveProperty('decision');
    expect(await recorded()).toHaveLength(1);
  });

  it('neither uses up an idempotency key nor replays the command that used it', async () => {
    await hosting('AwardContract', award);
    await hosting('Annotate', { note: 'Seen.' }, key('k'));
    expect(await hosting('Annotate', { note: 'Seen.' }, { ...key('k'), dryRun: true })).toMatchObject({ outcome: 'dry-run' });
    expect(await hosting('Annotate', { note: 'Another.' }, { ...key('k'), dryRun: true })).toMatchObject({ outcome: 'dry-run' });
    expect(await hosting('Annotate', { note: 'Seen.' }, { ...key('new'), dryRun: true })).toMatchObject({ outcome: 'dry-run' });
    expect(await hosting('Annotate', { note: 'Seen.' }, key('new'))).toMatchObject({ outcome: 'accepted' });
  });
});

describe('a decision', () => {
  /** Delays reads of the programme until the test releases them. */
  class Held extends MemoryStore {
    release: () => void = () => undefined;
    held: Promise<void> | undefined;
    returned = 0;
    hold(): void {
      this.held = new Promise((resume) => (this.release = resume));
    }
    override async read(...request: Parameters<MemoryStore['read']>) {
      if (request[0].startsWith('programme-')) await this.held;
      const events = await super.read(...request);
      this.returned += events.length;
      return events;
    }
  }
  const held = async (): Promise<Held> => {
    const on = new Held();
    await appendAll(on, [...(await store.read('programme-met')), ...(await store.read('supplier-csc'))]);
    return on;
  };

  it('conflicts with what another node appends after its read, so one key is executed once', async () => {
    const slow = await held();
    const [here, there] = [engineOn(slow), engineOn(slow)];
    slow.hold();
    const first = hosting('AwardContract', award, key('k'), here);
    await new Promise((resume) => setTimeout(resume, 5)); // it has read its own stream, and waits for the programme
    const second = hosting('AwardContract', award, key('k'), there);
    await new Promise((resume) => setTimeout(resume, 5));
    await here.history(contract, 'hosting'); // a reader beside it brings the shared cache up to date
    slow.release();
    slow.held = undefined;
    const outcomes = (await Promise.all([first, second])).map(({ outcome }) => outcome);
    expect(outcomes.sort()).toEqual(['accepted', 'replayed']);
    expect(await slow.read('contract-hosting')).toHaveLength(1);
  });

  it('refuses a stale If-Match even if a reader has refreshed the shared history meanwhile', async () => {
    const slow = await held();
    const [here, there] = [engineOn(slow), engineOn(slow)];
    await hosting('AwardContract', award, {}, there);
    slow.hold();
    const stale = hosting('Annotate', { note: 'On what I saw.' }, { ifMatch: [0] }, here);
    await new Promise((resume) => setTimeout(resume, 5));
    const [award0] = await slow.read('contract-hosting');
    const { stream: _, revision: __, position: ___, ...again } = award0!;
    const metadata = { ...again.metadata, command: { id: newId(), name: 'Annotate' } };
    await slow.append('contract-hosting', 0, [
      { ...again, id: newId(), type: 'FactAnnotated', data: { note: 'First.' }, metadata: { ...metadata, schemaVersion: 1 } },
    ]);
    await here.history(contract, 'hosting');
    slow.release();
    slow.held = undefined;
    await expect(stale).rejects.toBeInstanceOf(StaleRevisionError);
    expect(await slow.read('contract-hosting')).toHaveLength(2);
  });

  it('on a stream of 3,000 events reads only what is new', async () => {
    const on = await held();
    const by = engineOn(on);
    await hosting('AwardContract', award, {}, by);
    const [{ stream: _, revision: __, position: ___, ...note }] = (await on.read('contract-hosting')) as [RecordedEvent];
    const notes = Array.from({ length: 3000 }, (_, n) => ({
      ...note,
      id: newId(),
      type: 'FactAnnotated',
      data: { note: `${n}` },
      metadata: { ...note.metadata, schemaVersion: 1 },
    }));
    await on.append('contract-hosting', 0, notes);
    await hosting('Annotate', { note: 'Once it is folded.' }, {}, by);
    on.returned = 0;
    await hosting('Annotate', { note: 'Nothing is read again.' }, {}, by);
    expect(on.returned).toBeLessThan(3);
  });
});

describe('the metadata of every event has', () => {
  it('the sender, who decided and why, the evidence, and what was known', async () => {
    const record = { decidedBy: { person: 'p-17', office: 'Board' }, authority: { reference: 'PCD 1' }, reason: 'Cheapest', evidence: [{ title: 'OJEU' }] }; // prettier-ignore
    await hosting('AwardContract', { ...award, record }, { actor: { id: 'ana', role: 'contract-manager' }, correlationId: 'c-1' });
    const { recordedAt: _, ...recorded } = await metadata();
    const id = recorded.command.id;
    expect(recorded).toEqual({
      schemaVersion: 2,
      effectiveOn: '2026-03-01',
      about: { contract: ['hosting'], programme: 'met', supplier: ['csc'] },
      command: { id, name: 'AwardContract', record: Object.keys(record) },
      actor: { id: 'ana', role: 'contract-manager' },
      ...record,
      $correlationId: 'c-1',
      $causationId: id,
      known: [
        { stream: 'programme-met', revision: 0 },
        { stream: 'supplier-csc', revision: 0 },
      ],
    });
  });

  it.each([
    ['2026-07-01T22:59:59.000Z', 'Europe/London', '2026-07-01'],
    ['2026-07-01T23:30:00.000Z', 'Europe/London', '2026-07-02'],
    ['2026-01-01T23:30:00.000Z', 'Europe/London', '2026-01-01'],
    ['2026-01-01T15:30:00.000Z', 'Asia/Tokyo', '2026-01-02'],
  ])('the day of the act: at %s in %s it is %s', async (at, timeZone, today) => {
    store = memoryStore({ timeZone });
    engine = engineOn(store);
    now = Temporal.Instant.from(at).subtract({ milliseconds: 1 }).toString();
    await send('supplier-csc', 'RegisterSupplier', csc);
    expect((await metadata('supplier-csc')).effectiveOn).toBe(today);
    const tomorrow = Temporal.PlainDate.from(today).add({ days: 1 }).toString();
    const late = send('supplier-atos', 'RegisterSupplier', { ...csc, record: { effectiveOn: tomorrow } });
    await expect(late).rejects.toMatchObject({ code: 'ledger/effective-after-today' });
  });
});

describe('an append without an answer', () => {
  it.each(['unknown-stored', 'unknown-lost'] as const)('is sent again unchanged and stored once: %s', async (fault) => {
    store.faults.push(fault);
    const receipt = await hosting('AwardContract', award);
    expect((await recorded()).map(({ id }) => id)).toEqual(receipt.events.map(({ id }) => id));
  });

  it('after every retry has an unknown outcome, not a failed one; its key finds it later', async () => {
    store.faults.push('unknown-stored', 'unknown-lost', 'unknown-lost', 'unknown-lost');
    await expect(hosting('AwardContract', award, key('k'))).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect(await hosting('AwardContract', award, key('k'))).toMatchObject({ outcome: 'replayed' });
    expect(await recorded()).toHaveLength(1);
  });

  it('differs from an append that the store refused, of which nothing is stored', async () => {
    store.faults.push('unavailable');
    await expect(hosting('AwardContract', award)).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await recorded()).toEqual([]);
  });
});

describe('two processes on one store', () => {
  const anotherEngine = () => engineOn(store);

  it('lose no command to each other: each accepted one is stored once, in one sequence of revisions', async () => {
    await hosting('AwardContract', award);
    const both = [engine, anotherEngine()];
    const receipts = await Promise.all(
      Array.from({ length: 20 }, (_, i) => hosting('Annotate', { note: `Note ${i}` }, key(`note-${i}`), both[i % 2])),
    );
    const events = await recorded();
    expect(events.map(({ revision }) => revision)).toEqual(Array.from({ length: 21 }, (_, i) => i));
    expect(receipts.map(({ revision }) => events[revision]!.metadata.command.id)).toEqual(receipts.map(({ decision }) => decision));
  });

  it('that receive the same command with one key decide it once', async () => {
    const other = anotherEngine();
    const outcomes = await Promise.all([engine, other].map((by) => hosting('AwardContract', award, key('k'), by)));
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['accepted', 'replayed']);
    expect(await recorded()).toHaveLength(1);
  });

  it('decide again after a conflict, with a new timestamp and new ids', async () => {
    await hosting('AwardContract', award);
    const other = anotherEngine();
    const outcomes = await Promise.allSettled([hosting('SignContract', {}), hosting('SignContract', {}, {}, other)]);
    const lost = outcomes.filter(({ status }) => status === 'rejected');
    expect(lost).toMatchObject([{ reason: { code: 'contract/stage' } }]);
    const notes = await Promise.all([hosting('Annotate', { note: 'One' }), hosting('Annotate', { note: 'Two' }, {}, other)]);
    const [first, second] = notes.sort((a, b) => a.revision - b.revision);
    expect(second!.recordedAt! > first!.recordedAt!).toBe(true);
    const events = await recorded();
    expect(events.map(({ metadata }) => metadata.recordedAt).slice(2)).toEqual([first!.recordedAt, second!.recordedAt]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  });

  it('see what the other has just recorded in another stream', async () => {
    await expect(hosting('AwardContract', { ...award, suppliers: [{ supplier: 'atos' }] })).rejects.toMatchObject({
      code: 'ledger/unknown-reference',
    });
    await send('supplier-atos', 'RegisterSupplier', csc, {}, anotherEngine());
    expect(await hosting('AwardContract', { ...award, suppliers: [{ supplier: 'atos' }] })).toMatchObject({ outcome: 'accepted' });
  });
});

describe('the engine', () => {
  it('refuses commands beyond its queue and loses none that it accepted', async () => {
    const small = engineOn(store, 3);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, (_, i) => send(`supplier-s-${i}`, 'RegisterSupplier', csc, {}, small)),
    );
    expect(outcomes.map((o) => (o.status === 'rejected' ? o.reason : o.value.outcome))).toEqual([
      'accepted',
      'accepted',
      'accepted',
      expect.any(OverloadedError),
      expect.any(OverloadedError),
    ]);
    expect(await send('supplier-s-4', 'RegisterSupplier', csc, {}, small)).toMatchObject({ outcome: 'accepted' });
  });

  it.each([
    ['an unknown event type', { type: 'ContractEnchanted' }, {}],
    ['a newer schema version', { type: 'ContractSigned' }, { schemaVersion: 2 }],
  ])('refuses to write after %s', async (_, event, more) => {
    await hosting('AwardContract', award);
    const [awarded] = await recorded();
    const newer: NewEvent = {
      id: newId(),
      data: {},
      ...event,
      metadata: { ...awarded!.metadata, command: { id: newId(), name: 'X' }, ...more },
    };
    await store.append('contract-hosting', 0, [newer]);
    await expect(hosting('SignContract')).rejects.toBeInstanceOf(UnsupportedSchemaVersionError);
    await expect(hosting('Annotate', { note: 'Seen' }, {}, engineOn(store))).rejects.toBeInstanceOf(UnsupportedSchemaVersionError);
    expect(await recorded()).toHaveLength(2);
  });

  it('answers a no-op as already so, without recording it', async () => {
    await hosting('AwardContract', award);
    await send('programme-met', 'AppointIntegrator', { contract: 'hosting' });
    expect(await send('programme-met', 'AppointIntegrator', { contract: 'hosting' })).toMatchObject({ outcome: 'already-so', revision: 1, events: [] }); // prettier-ignore
    expect(await recorded('programme-met')).toHaveLength(2);
  });
});
