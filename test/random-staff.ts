import fc from 'fast-check';
import { recordWorld, World } from './random-history.js';

const STREAM = 'workforce-met';
// Mostly one pool, so that facts meet each other.
const pool = fc.record({
  employer: fc.constantFrom('authority', 'authority', 'authority', 'csc', 'atos'),
  function: fc.constantFrom('it', 'it', 'it', 'desk'),
  unit: fc.constantFrom('people', 'people', 'people', 'fte'),
});
const on = fc.constantFrom(undefined, '2012', '2013-05', '2014-02-03', '[..2013]', 'unknown', '2015');
const n = fc.integer({ min: 1, max: 60 });
const quantity = fc.oneof({ weight: 3, arbitrary: n }, { weight: 1, arbitrary: n.map((count) => ({ count, qualifier: 'about' })) });
const planned = fc.constantFrom('p-1', 'p-2');
const plan = fc.option(planned, { nil: undefined });
const fte = fc.option(fc.record({ moved: fc.constantFrom('7.5', '12'), left: fc.constantFrom('0.25', '1.0') }), { nil: undefined });
const present = (data: object) => Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));

type Move = readonly [command: string, data: object, effectiveOn: string | undefined];
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.tuple(
    fc.constant('RecordBaseline'),
    fc.record({ pool, n, about: fc.boolean() }).map(({ pool: { unit, ...name }, n, about }) => ({
      programme: 'met',
      ...name,
      headcount: { count: n, unit, ...(about && { qualifier: 'about' }) },
    })),
    on,
  ),
  fc.tuple(
    fc.constantFrom('RecordLeavers', 'RecordJoiners'),
    fc.record({ pool, count: quantity, plan }).map(({ pool, ...data }) => present({ ...pool, ...data })),
    on,
  ),
  fc.tuple(
    fc.constant('Redeploy'),
    fc.record({ pool, count: quantity }).map(({ pool: { function: from, ...pool }, count }) => ({
      ...pool,
      from,
      to: from === 'it' ? 'desk' : 'it',
      count,
    })),
    on,
  ),
  fc.tuple(
    fc.constant('PlanTransfer'),
    fc.record({ pool, n, plan: planned }).map(({ pool, n, plan }) => ({
      programme: 'met',
      plan,
      from: pool,
      to: { ...pool, employer: 'tcs' },
      inScope: { count: n, unit: pool.unit },
    })),
    on,
  ),
  fc.tuple(
    fc.constant('RevisePlan'),
    fc.record({ n, plan: planned }).map(({ n, plan }) => ({ plan, inScope: { count: n, unit: 'people' } })),
    on,
  ),
  fc.tuple(
    fc.constant('TransferStaff'),
    fc
      .record({ n, from: pool, to: pool, moved: quantity, objected: n, retained: n, left: n, plan, fte })
      .map(({ n, from, to, fte, ...t }) =>
        present({
          ...t,
          transfer: `t-${n}`,
          from,
          to: { ...to, unit: from.unit },
          inScope: { count: t.objected + t.retained + t.left, qualifier: 'over' },
          fte: from.unit === 'people' ? fte : undefined,
        }),
      ),
    on,
  ),
  fc.tuple(fc.constantFrom('CorrectFact', 'WithdrawFact', 'ReinstateFact'), fc.record({ pick: fc.nat(50), n, on }), fc.constant(undefined)),
);
/** What somebody records of staff: late, about, corrected, withdrawn, reinstated. */
export const staffMoves = fc.array(move, { minLength: 15, maxLength: 40 });

const play = async (world: World, [command, data, effectiveOn]: Move): Promise<void> => {
  if (command !== 'CorrectFact' && command !== 'WithdrawFact' && command !== 'ReinstateFact')
    return world.try(STREAM, command, data, { ...(effectiveOn && { effectiveOn }) });
  const { pick, n, on } = data as { readonly pick: number; readonly n: number; readonly on: string | undefined };
  const { entries, withdrawn } = await world.history(STREAM);
  if (command === 'ReinstateFact') {
    const event = [...withdrawn.keys()][pick % Math.max(1, withdrawn.size)];
    return event === undefined ? undefined : world.try(STREAM, command, { event, withDependants: n > 30 });
  }
  const entry = entries[pick % Math.max(1, entries.length)];
  if (!entry) return;
  const event = entry.recorded.id;
  if (command === 'WithdrawFact') return world.try(STREAM, command, { event, withDependants: n > 30 });
  if (n % 3 === 0)
    return world.try(STREAM, command, { event, changes: [{ pointer: '/effectiveOn', value: on ?? '2011-06' }], because: 'refined' });
  const pointer = ['moved', 'headcount', 'count'].find((field) => field in entry.data);
  const value = pointer === 'headcount' ? { ...entry.data.headcount, count: n } : n;
  if (pointer) await world.try(STREAM, command, { event, changes: [{ pointer: `/${pointer}`, value }], because: 'error' });
};

/** A programme whose plan p-1 moves 50 people of the authority, and what was tried on its workforce. */
export const playStaff = async (moves: readonly Move[]): Promise<World> => {
  const world = new World('2016-01-04');
  await recordWorld(world);
  const it = { function: 'it', unit: 'people' };
  const plan = { programme: 'met', plan: 'p-1', from: { employer: 'authority', ...it }, to: { employer: 'csc', ...it } };
  await world.record(STREAM, 'PlanTransfer', { ...plan, inScope: { count: 50, unit: 'people' } }, { effectiveOn: '2011' });
  for (const one of moves) await play(world, one);
  return world;
};
