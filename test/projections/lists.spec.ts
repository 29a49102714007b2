import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InvalidCursorError } from '../../src/engine/read/read-errors.js';
import { closeRows, Rows } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('1000000') };

let world: World;
beforeEach(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
});
afterEach(closeRows);

const read = () => new Rows(world.store).read();
const closed = async (id: string) => {
  await world.record(`contract-${id}`, 'SignContract', {});
  await world.record(`contract-${id}`, 'TerminateContract', { ground: 'Failure to deliver', endsOn: '2016-01-04' });
  await world.record(`contract-${id}`, 'CloseContract', { finalValue: gbp('900000'), endedOn: '2016-01-04' });
};
/** All entries of a list, so many at a time. */
const all = async (rows: Rows, name: string, key: string, list: string, limit: number, at = rows.projector.sequence): Promise<any[]> => {
  const entries: unknown[] = [];
  for (let cursor: string | undefined, more = true; more;) {
    const page = (await rows.projector.ask(name, (r) => r.list(key, list, at, cursor, limit)))!;
    expect(page.entries.length).toBeLessThanOrEqual(limit);
    entries.push(...page.entries);
    cursor = page.next;
    more = cursor !== undefined;
  }
  return entries;
};
const ids = (entries: readonly { readonly contract: string }[]): string[] => entries.map(({ contract }) => contract);

describe('a tower with many contracts', () => {
  beforeEach(async () => {
    for (let n = 0; n < 23; n++) await world.record(`contract-c${n}`, 'AwardContract', award);
    await closed('c22');
    await world.record('contract-planned', 'PlanContract', { programme: 'met', title: 'The next one', towers: ['hosting'] });
  });

  it('shows the newest 20 of those in force, and counts all', async () => {
    const row = await (await read()).row('tower-board', 'tower:hosting');
    expect(ids(row.contracts)).toEqual(Array.from({ length: 20 }, (_, n) => `c${21 - n}`));
    expect(row.counts).toMatchObject({ contracts: 24 });
  });

  it('has all in pages of any size: in force, then to come, then ended, the newest of each first', async () => {
    const rows = await read();
    const expected = [...Array.from({ length: 22 }, (_, n) => `c${21 - n}`), 'planned', 'c22'];
    for (const limit of [1, 7, 100]) expect(ids(await all(rows, 'tower-board', 'tower:hosting', 'contracts', limit))).toEqual(expected);
  });

  it('has the list of the first page on every page, whatever is recorded meanwhile', async () => {
    const { sequence } = (await read()).projector;
    await world.record('contract-later', 'AwardContract', award);
    const rows = await read();
    expect(ids(await all(rows, 'tower-board', 'tower:hosting', 'contracts', 5, sequence))).toHaveLength(24);
    expect(ids(await all(rows, 'tower-board', 'tower:hosting', 'contracts', 5))).toEqual(expect.arrayContaining(['later']));
  });

  it('counts a closed contract in its totals, as its programme, its supplier and the money do', async () => {
    const rows = await read();
    expect((await rows.row('tower-board', 'tower:hosting')).total.text).toBe('£23m');
    expect((await rows.row('tower-board', 'programme:met')).totals.towers).toMatchObject({ text: '£23m', contracts: 23 });
    expect((await rows.row('exposure', 'supplier:csc')).ceiling.text).toBe('£23m');
    expect((await rows.row('money', 'programme:met')).towers.ceiling.text).toBe('£23m');
    expect(await rows.row('money', 'contract:c22')).toMatchObject({ kind: 'contract', finalValue: gbp('900000') });
  });
});

describe('rows that are chosen by an entry of a list', () => {
  const chosen = async (rows: Rows, name: string, filters: Record<string, string>, at?: number): Promise<readonly string[]> =>
    (await rows.projector.rows(name, { filters, ...(at !== undefined && { at }) })).rows.map(({ key }) => key);

  it('are found by a supplier of whom a tower shows no contract any more, and not by one whose contracts moved to another', async () => {
    await world.record('contract-early', 'AwardContract', { ...award, suppliers: [{ supplier: 'atos' }] });
    const { towers: _, ...outside } = award;
    await world.record('contract-outside', 'AwardContract', { ...outside, suppliers: [{ supplier: 'atos' }] });
    for (let n = 0; n < 21; n++) await world.record(`contract-c${n}`, 'AwardContract', award);
    const before = await read();
    const { sequence } = before.projector;
    expect((await before.row('tower-board', 'tower:hosting')).contracts.map(({ contract }: { contract: string }) => contract)).not.toContain('early'); // prettier-ignore
    expect(await chosen(before, 'tower-board', { supplier: 'atos' })).toEqual(['contract:outside', 'tower:hosting']);
    expect(await chosen(before, 'tower-board', { supplier: 'csc' })).toEqual(['tower:hosting']);
    for (const supplier of ['nobody', 'cs', 'csc/x', '']) expect(await chosen(before, 'tower-board', { supplier })).toEqual([]);
    await world.record('contract-early', 'SignContract', {});
    await world.record('contract-early', 'NovateContract', { supplier: 'csc' });
    const rows = await read();
    expect(await chosen(rows, 'tower-board', { supplier: 'atos' })).toEqual(['contract:outside']);
    expect(await chosen(rows, 'tower-board', { supplier: 'atos' }, sequence)).toEqual(['contract:outside', 'tower:hosting']);
  });

  it('are found by every employer of a workforce, however many there are', async () => {
    for (let n = 0; n < 25; n++) await world.record(`supplier-e${n}`, 'RegisterSupplier', { title: `E${n}`, form: 'company' });
    for (let n = 0; n < 25; n++)
      await world.record('workforce-met', 'RecordBaseline', { programme: 'met', employer: `e${n}`, function: 'it', headcount: { count: 8, unit: 'people' } }); // prettier-ignore
    const rows = await read();
    expect((await rows.row('workforce', 'workforce:met')).pools).toHaveLength(20);
    for (const employer of ['e0', 'e24']) expect(await chosen(rows, 'workforce', { employer })).toEqual(['workforce:met']);
    expect(await chosen(rows, 'workforce', { employer: 'e25' })).toEqual([]);
  });
});

describe('a supplier with many contracts', () => {
  it('shows the newest 20 in force, counts all, and has them in pages', async () => {
    for (let n = 0; n < 22; n++) await world.record(`contract-c${n}`, 'AwardContract', award);
    await closed('c21');
    const rows = await read();
    const row = await rows.row('exposure', 'supplier:csc');
    expect(ids(row.contracts)).toEqual(Array.from({ length: 20 }, (_, n) => `c${20 - n}`));
    expect(row.counts.contracts).toBe(22);
    expect(ids(await all(rows, 'exposure', 'supplier:csc', 'contracts', 6)).at(-1)).toBe('c21');
  });
});

describe('a contract with many changes', () => {
  const changed = async (n: number) => {
    await world.record('contract-euc', 'AwardContract', award);
    for (let i = 1; i <= n; i++) await world.record('contract-euc', 'ApproveChange', { kind: 'value', to: gbp(String(1_000_000 + i)) });
    return read();
  };
  const amounts = (changes: readonly { readonly to: { readonly amount: string } }[]) =>
    changes.map(({ to }) => Number(to.amount) - 1_000_000);

  it('carries the newest 20 in order, and counts all; a board shows the newest 5', async () => {
    const rows = await changed(23);
    const row = await rows.row('contract-register', 'contract:euc');
    expect(amounts(row.changes)).toEqual(Array.from({ length: 20 }, (_, n) => n + 4));
    expect(row.counts.changes).toBe(23);
    const [onBoard] = (await rows.row('tower-board', 'tower:hosting')).contracts;
    expect([amounts(onBoard.changes), onBoard.counts.changes]).toEqual([[19, 20, 21, 22, 23], 23]);
  });

  it('has all of them in pages, newest first', async () => {
    const rows = await changed(23);
    for (const limit of [1, 10, 100])
      expect(amounts(await all(rows, 'contract-register', 'contract:euc', 'changes', limit))).toEqual(
        Array.from({ length: 23 }, (_, n) => 23 - n),
      );
    const [newest] = await all(rows, 'money', 'contract:euc', 'changes', 50);
    expect(newest.figures).toMatchObject({ stepOverCurrent: '0.000001' });
  });
});

describe('the decisions of a person', () => {
  it('are the newest 20 and a count, and all of them in pages', async () => {
    await world.record('contract-euc', 'AwardContract', award);
    const decided: string[] = [];
    for (let n = 0; n < 23; n++) {
      const { decision } = await world.record(
        'contract-euc',
        'ApproveChange',
        { kind: 'scope', summary: 'Print' },
        { decidedBy: { person: 'p-1' } },
      );
      decided.unshift(decision!);
    }
    const rows = await read();
    const row = await rows.row('decisions', 'person:p-1');
    expect(row.decisions.map(({ decision }: any) => decision)).toEqual(decided.slice(0, 20));
    expect(row.counts).toEqual({ decisions: 23 });
    for (const limit of [1, 4, 100])
      expect((await all(rows, 'decisions', 'person:p-1', 'decisions', limit)).map(({ decision }) => decision)).toEqual(decided);
  });
});

describe('a list', () => {
  it('that does not exist is no page; a cursor of another list is refused', async () => {
    await world.record('contract-euc', 'AwardContract', award);
    const rows = await read();
    const ask = (key: string, list: string, cursor?: string) =>
      rows.projector.ask('tower-board', (r) => r.list(key, list, rows.projector.sequence, cursor, 5));
    expect(await ask('tower:hosting', 'invoices')).toBeUndefined();
    expect(await ask('tower:hosting', 'constructor')).toBeUndefined();
    expect(await ask('nobody:x', 'contracts')).toBeUndefined();
    for (const [key, list, cursor] of [
      ['tower:hosting', 'contracts', '7'],
      ['tower:hosting', 'contracts', '9 1 x'],
      ['contract:euc', 'changes', '4'],
    ] as const)
      // prettier-ignore
      await expect(ask(key, list, cursor)).rejects.toThrow(InvalidCursorError);
  });
});

describe('a follower that is far behind', () => {
  it('gets the latest row of each key, and how many events they are of', async () => {
    await world.record('contract-euc', 'AwardContract', award);
    await world.record('contract-gone', 'AwardContract', award);
    const from = (await world.events()).length;
    for (let n = 1; n <= 120; n++) await world.record('contract-euc', 'ApproveChange', { kind: 'value', to: gbp(String(1_000_000 + n)) });
    const { id } = (await world.store.read('contract-gone'))[0]!;
    await world.record('contract-gone', 'WithdrawFact', { event: id });
    const rows = await read();
    const { sequence } = rows.projector;
    for (const name of ['contract-register', 'tower-board', 'exposure', 'money']) {
      const followed = await rows.projector.ask(name, (r) => r.follow(from, sequence, 100));
      expect([followed.upTo, followed.updates, followed.latest?.events]).toEqual([sequence, [], 121]);
      for (const [key, row] of Object.entries(followed.latest!.changes!)) expect([name, key, row]).toEqual([name, key, (await rows.row(name, key)) ?? null]); // prettier-ignore
      const changed = new Set((await rows.updates(name, from)).flatMap(({ changes }) => Object.keys(changes)));
      expect(Object.keys(followed.latest!.changes!)).toEqual(expect.arrayContaining([...changed]));
    }
    const { latest } = await rows.projector.ask('contract-register', (r) => r.follow(from, sequence, 100));
    expect(latest!.changes!['contract:gone']).toBeNull();
  });

  it('gets one update for each event while it is not far behind, the same that a rendering from nothing gives', async () => {
    await world.record('contract-euc', 'AwardContract', award);
    for (let n = 1; n <= 20; n++) await world.record('contract-euc', 'ApproveChange', { kind: 'value', to: gbp(String(1_000_000 + n)) });
    await world.record('contract-moved', 'AwardContract', award);
    await world.record('contract-moved', 'WithdrawFact', { event: (await world.store.read('contract-moved'))[0]!.id });
    await world.record('contract-moved', 'AwardContract', { ...award, towers: ['euc'] });
    await world.record('supplier-csc', 'CorrectFact', { event: (await world.store.read('supplier-csc'))[0]!.id, changes: [{ pointer: '/title', value: 'Computer Sciences' }], because: 'refined' }); // prettier-ignore
    const rows = await read();
    for (const { name } of rows.projections) {
      const expected = await rows.updates(name);
      const heard = [];
      for (let at = 0; at < rows.projector.sequence;) {
        const head = Math.min(rows.projector.sequence, at + 3);
        const { updates, upTo } = await rows.projector.ask(name, (r) => r.follow(at, head, 100));
        heard.push(...updates);
        at = upTo;
      }
      expect(heard).toEqual(expected);
    }
  });
});

describe('the names of a supplier', () => {
  it('that it had and that it has besides: the newest 20 of each, how many there are, and all of them in pages', async () => {
    for (let n = 1; n <= 23; n++) {
      await world.record('supplier-csc', 'AddAlias', { alias: `alias ${n}` });
      await world.record('supplier-csc', 'RenameSupplier', { title: `name ${n}` });
    }
    const rows = await read();
    const row = await rows.row('exposure', 'supplier:csc');
    expect(row.counts).toMatchObject({ aliases: 23, formerNames: 23 });
    expect([row.aliases.length, row.aliases.at(0), row.aliases.at(-1)]).toEqual([20, 'alias 4', 'alias 23']);
    expect([row.formerNames.length, row.formerNames.at(-1).title, row.title]).toEqual([20, 'name 22', 'name 23']);
    const pagesOf = (list: string) => all(rows, 'exposure', 'supplier:csc', list, 10);
    expect(await pagesOf('aliases')).toEqual(Array.from({ length: 23 }, (_, i) => `alias ${23 - i}`));
    expect((await pagesOf('formerNames')).map((name) => (name as { title: string }).title)).toEqual([
      ...Array.from({ length: 22 }, (_, i) => `name ${22 - i}`),
      'CSC',
    ]);
  });
});
