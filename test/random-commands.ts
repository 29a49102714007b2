import fc, { type GeneratorValue } from 'fast-check';
import { commands } from '../src/domain/index.js';
import { provenanceFields, type AnyCommand, type Field, type Fields, type Json } from '../src/kernel/index.js';
import { uncertainDate, World } from './random-history.js';

/** Few ids, so that commands meet each other; `nobody` was never recorded. */
const IDS: { readonly [category: string]: readonly string[] } = {
  programme: ['met', 'met', 'met', 'other'],
  tower: ['hosting', 'euc'],
  supplier: ['csc', 'atos'],
  contract: ['alpha', 'beta'],
  loss: ['debts', 'milestones'],
  workforce: ['met'],
  account: ['alpha', 'beta'],
};
const idsOf = (category: string): readonly string[] => IDS[category] ?? ['one', 'two'];
const amountOf = fc.record(
  { amount: fc.integer({ min: 1, max: 300 }).map(String), currency: fc.constantFrom('GBP', 'GBP', 'GBP', 'EUR'), qualifier: fc.constantFrom('exact', 'about') }, // prettier-ignore
  { requiredKeys: ['amount', 'currency'] },
);

/** An input of one kind that passes its check. */
const valueOf = (field: Field, name = ''): fc.Arbitrary<unknown> => {
  const { kind, min = 0, max = 100, values = [], category = '', names, item, fields } = field;
  switch (kind) {
    case 'text':
      return name.endsWith('urrency') ? fc.constantFrom('GBP', 'EUR', 'XXQ') : fc.constantFrom('One', 'Two');
    case 'id':
      return names ? fc.constantFrom(...names.unless, ...idsOf(names.category)) : fc.constantFrom('one', 'two', 'three');
    case 'ref':
      return fc.constantFrom(...[...Array(4)].flatMap(() => idsOf(category)).concat('nobody'));
    case 'choice':
      return fc.constantFrom(...values);
    case 'flag':
      return fc.boolean();
    case 'date':
      return uncertainDate;
    case 'count':
      return fc.integer({ min, max: Math.min(max, min + 20) });
    case 'amount':
      return amountOf;
    case 'value':
      return fc.oneof(amountOf, fc.constantFrom({ undisclosed: true }, { unknown: true }));
    case 'headcount':
      return fc.record({ count: fc.nat(20), unit: fc.constantFrom('people', 'people', 'fte') });
    case 'uuid':
      return fc.integer({ min: 8, max: 40 }).map((n) => `019353d2-0000-7000-8000-${String(n).padStart(12, '0')}`);
    case 'percentage':
    case 'tally':
      return fc.integer({ min, max: 20 });
    case 'quantity':
      return fc.oneof(
        fc.integer({ min, max: 20 }),
        fc.record({ count: fc.integer({ min, max: 20 }), qualifier: fc.constantFrom('about', 'over', 'at-most') }),
      );
    case 'uri':
      return fc.constant('https://example.org/paper');
    case 'list':
      return fc.array(valueOf(item!), { minLength: min, maxLength: Math.min(max, 2) });
    case 'object':
      return inputOf(fields!);
    default:
      throw new Error(`No input of a command of an aggregate is of kind ${kind}.`);
  }
};
/** Each field that can be left out is left out half the time. */
export const inputOf = (fields: Fields): fc.Arbitrary<Record<string, unknown>> => {
  const values = Object.entries(fields).map(([name, field]) => {
    const value = valueOf(field, name);
    return [name, field.optional ? fc.option(value, { nil: undefined, freq: 1 }) : value] as const;
  });
  const present = (input: object) => Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  return fc.record(Object.fromEntries(values)).map(present);
};

const when = fc.option(uncertainDate, { nil: undefined });
const office = fc.option(fc.constantFrom('Board', 'Director'), { nil: undefined });
const oneOf = <T>(list: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...list);
const among = (most: number): fc.Arbitrary<number> => fc.nat(most);

const ofAggregates = commands.filter(({ aggregate }) => aggregate);
const streams = ofAggregates.flatMap(({ aggregate }) => idsOf(aggregate!.category).map((id) => `${aggregate!.category}-${id}`));

/** Mostly a command that can follow; whatever its stage, any input that its fields allow. */
const commandFor = async (world: World, stream: string, any: GeneratorValue): Promise<AnyCommand> => {
  const { state, aggregate } = await world.history(stream);
  const own = ofAggregates.filter((command) => command.aggregate === aggregate);
  const can = own.filter(({ events: [first] }) => aggregate.events[first!].allowedIn.includes(state.stage));
  return any(oneOf<AnyCommand>, can.length > 0 && any(among, 9) < 8 ? can : own);
};

/** Every command of every aggregate: where nothing was recorded, before everything that was, and now. */
export const tryEverywhere = async (any: GeneratorValue, world: World): Promise<void> => {
  for (const { aggregate, name, fields } of ofAggregates) {
    const { category } = aggregate!;
    await world.try(`${category}-unopened`, name, any(inputOf, fields));
    for (const id of new Set(idsOf(category)))
      for (const record of [{ effectiveOn: '1990' }, {}]) await world.try(`${category}-${id}`, name, any(inputOf, fields), record);
  }
};

/** Commands of every kind with every input that their fields allow, on one small ledger: 60 at most. */
export const playCommands = async (any: GeneratorValue, world = new World()): Promise<World> => {
  const chartered = { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' };
  for (const id of ['met', 'other']) await world.record(`programme-${id}`, 'CharterProgramme', chartered, { effectiveOn: '2010' });
  for (const id of ['csc', 'atos']) await world.record(`supplier-${id}`, 'RegisterSupplier', { title: id, form: 'company' });
  for (let left = 20 + any(among, 40); left > 0; left--) {
    world.wait(any(among, 100));
    const stream = any(oneOf<string>, streams);
    if (any(among, 9) < 7) {
      const command = await commandFor(world, stream, any);
      const [effectiveOn, by] = [any(() => when), any(() => office)];
      const record = { ...(effectiveOn && { effectiveOn }), ...(by && { decidedBy: { person: 'p-1', office: by } }) };
      await world.try(stream, command.name, any(inputOf, command.fields), record);
      continue;
    }
    const { entries, aggregate } = await world.history(stream);
    if (entries.length === 0) continue;
    const { recorded } = any(oneOf<(typeof entries)[number]>, entries);
    const shape: Fields = { ...aggregate.events[recorded.type].fields, effectiveOn: provenanceFields.effectiveOn };
    const name = any(oneOf<string>, Object.keys(shape));
    const change = { pointer: `/${name}`, value: any(valueOf, shape[name]!, name) as Json };
    if (any(among, 2) > 0) await world.try(stream, 'CorrectFact', { event: recorded.id, changes: [change], because: 'error' });
    else await world.try(stream, 'WithdrawFact', { event: recorded.id, withDependants: any(among, 1) > 0 });
  }
  return world;
};
