import { describe, expect, it } from '@jest/globals';
import { inMemory } from '../projections/in-memory.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('95000000') };

const world2016 = async (): Promise<World> => {
  const world = new World('2016-01-04');
  await recordWorld(world);
  await world.record('contract-c', 'AwardContract', award);
  await world.record('contract-c', 'StartService', {});
  return world;
};

describe('a text that carries the fact stands in the state and on the rows', () => {
  const CASES: readonly (readonly [what: string, command: string, data: object, path: readonly (string | number)[], text: string])[] = [
    ['what a change of scope changes', 'ApproveChange', { kind: 'scope', summary: 'Tablets were added.' }, ['changes', 0, 'summary'], 'Tablets were added.'], // prettier-ignore
    ['why an extension is sought', 'SeekExtension', { until: '2022', why: 'Migration takes longer' }, ['extensionSought', 'why'], 'Migration takes longer'], // prettier-ignore
    ['why a milestone is late', 'RecordDelay', { milestone: 'Go-live', to: '2017', cause: 'No staff' }, ['delays', 0, 'cause'], 'No staff'], // prettier-ignore
    ['the ground of a termination', 'TerminateContract', { ground: 'Breach', partial: true }, ['terminations', 0, 'ground'], 'Breach'],
  ];
  const at = (value: any, path: readonly (string | number)[]): unknown => path.reduce((found, key) => found?.[key], value);

  it.each(CASES)('%s', async (_, command, data, path, text) => {
    const world = await world2016();
    await world.record('contract-c', command, data);
    expect(at((await world.history('contract-c')).state, path)).toBe(text);
    expect(at((await inMemory('contract-register', world)).row('contract:c'), path)).toBe(text);
    expect(at((await inMemory('tower-board', world)).row('tower:hosting').contracts[0], path)).toBe(text);
  });

  it('why an extension is sought, in the list of what waits', async () => {
    const world = await world2016();
    await world.record('contract-c', 'SeekExtension', { until: '2022', why: 'Migration takes longer' });
    expect((await inMemory('waiting', world)).row('extension:c').what).toBe('Extension of Hosting until 2022: Migration takes longer');
  });

  it('why a loss is revised', async () => {
    const world = await world2016();
    const raised = { programme: 'met', title: 'Paid twice', bearer: 'authority', category: 'overpayment', gross: gbp('100') };
    await world.record('loss-l', 'RaiseLoss', raised);
    await world.record('loss-l', 'ReviseLoss', { gross: gbp('250'), why: 'A second invoice was found' });
    expect((await world.history('loss-l')).state).toMatchObject({ revisions: [{ why: 'A second invoice was found' }] });
    expect((await inMemory('exposure', world)).row('loss:l').revised).toMatchObject({ why: 'A second invoice was found' });
  });

  it.each(['contract-register', 'tower-board'])('a note on an event, or on all of it, with its source: %s', async (name) => {
    const world = await world2016();
    const { entries } = await world.history('contract-c');
    await world.record('contract-c', 'Annotate', { event: entries[0]!.recorded.id, note: 'Read at the archive' }, { evidence: [{ uri: 'https://example.org/a' }] }); // prettier-ignore
    await world.record('contract-c', 'Annotate', { note: 'The file is incomplete' });
    const rows = await inMemory(name, world);
    const { trail } = name === 'tower-board' ? rows.row('tower:hosting').contracts[0] : rows.row('contract:c');
    expect(trail.notes).toEqual([
      { event: entries[0]!.recorded.id, note: 'Read at the archive', source: 'https://example.org/a' },
      { event: null, note: 'The file is incomplete', source: null },
    ]);
  });

  it.each([
    ['of value', { kind: 'value' }, 'contract/change-without-value'],
    ['of term', { kind: 'term' }, 'contract/change-without-end'],
    ['of scope', { kind: 'scope' }, 'contract/change-without-content'],
    ['of the party', { kind: 'party' }, 'contract/change-without-content'],
    ['of administration', { kind: 'administrative' }, 'contract/change-without-content'],
  ])('a change %s that says nothing is refused', async (_, data, code) => {
    const world = await world2016();
    await expect(world.record('contract-c', 'ApproveChange', data)).rejects.toMatchObject({ code });
  });
});

describe('the stage of a tower says whose it is', () => {
  it('its own contract’s or its incumbent’s, and nobody’s before any', async () => {
    const world = new World('2016-01-04');
    await recordWorld(world);
    const stage = async () => {
      const { stage, stageOf } = (await inMemory('tower-board', world)).row('tower:hosting');
      return [stage, stageOf];
    };
    expect(await stage()).toEqual(['planned', null]);
    const old = { ...award, title: 'The old one', role: 'incumbent', stage: 'live' };
    await world.record('contract-old', 'RecordContract', old);
    expect(await stage()).toEqual(['live', 'incumbent']);
    await world.record('contract-c', 'AwardContract', award);
    expect(await stage()).toEqual(['awarded', 'own']);
  });
});
