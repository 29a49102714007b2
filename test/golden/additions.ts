import { exampleOf, History, IllegalTransitionError, kebab, type AnyAggregate, type Field, type Fields } from '../../src/kernel/index.js';
import { recordedOf, type GivenEvent } from '../given.js';

/** As test/golden/events.json holds them; what is there is never changed. */
export interface Golden {
  /** Type → version → the shape. */
  readonly shapes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly streams: readonly GoldenStream[];
}
interface GoldenStream {
  readonly aggregate: string;
  readonly id: string;
  readonly events: readonly GoldenEvent[];
}
type GoldenEvent = GivenEvent & { readonly schemaVersion: number };

/** A type of event in the shape of today, and the aggregate that has it: absent of the ledger's own. */
export interface GoldenType {
  readonly type: string;
  readonly version: number;
  readonly fields: Fields;
  readonly aggregate?: AnyAggregate;
}

/** Names (with `?` when it is optional) and kinds, sorted; what readers do not depend on is left out. */
export function shapeOf(fields: Fields): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, field]) => [`${name}${field.optional ? '?' : ''}`, kindOf(field)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
function kindOf({ kind, item, fields, values, category }: Field): unknown {
  if (kind === 'list') return [kindOf(item!)];
  if (kind === 'object') return shapeOf(fields!);
  if (kind === 'choice') return [...values!].sort().join(' | ');
  return category ? `${kind} ${category}` : kind;
}

/**
 * With a shape of each type and version that has none, and a sample for each field of today's shape that no sample has: behind the shortest
 * beginning of a stream that the file has which it can follow by its rules, or by its stage alone where no example passes them, as a stream
 * of its own. A type that can follow none of them is left out. The same for the same file and fields.
 */
export const withExamples = (golden: Golden, types: readonly GoldenType[]): Golden => {
  const shapes = Object.fromEntries(
    types
      .filter(({ type, version }) => golden.shapes[type]?.[version] === undefined)
      .map(({ type, version, fields }) => [type, { ...golden.shapes[type], [version]: shapeOf(fields) }]),
  );
  const streams = [...golden.streams];
  // An event may follow another new one, which is added later in the same pass: so there are passes until one adds nothing.
  for (const follows of [isLegal, folds])
    for (let before = -1; before < streams.length;) {
      before = streams.length;
      for (const type of types) streams.push(...examplesOf(type, streams, follows));
    }
  return { shapes: { ...golden.shapes, ...shapes }, streams };
};

/** The streams that a type needs: none where every field has a sample, or where no example can follow. */
const examplesOf = (wanted: GoldenType, streams: readonly GoldenStream[], follows: Follows): readonly GoldenStream[] => {
  const { type, version, fields, aggregate } = wanted;
  const samples = streams.flatMap(({ events }) => events).filter((event) => event.type === type && event.schemaVersion === version);
  const shown = new Set(samples.flatMap(({ data }) => Object.keys(data)));
  const lacking = Object.keys(fields).filter((name) => !shown.has(name));
  if (!aggregate || (samples.length > 0 && lacking.length === 0)) return [];
  const id = `golden-${kebab(type)}-${version}`;
  const beginnings = beginningsOf(aggregate, streams);
  const example = (streamId: string, names: readonly string[]): readonly GoldenStream[] =>
    firstOf(wanted, aggregate, streamId, exampleWith(fields, names), beginnings, follows);
  const whole = example(id, Object.keys(fields));
  if (whole.length > 0) return whole;
  // Fields may exclude one another: a stream for each.
  return lacking.filter((name) => fields[name]!.optional).flatMap((name) => example(`${id}-${kebab(name)}`, [name]));
};

/** With every required field, and of the optional ones these. */
const exampleWith = (fields: Fields, names: readonly string[]): object =>
  exampleOf(
    Object.fromEntries(
      Object.entries(fields).flatMap(([name, field]) =>
        !field.optional || names.includes(name) ? [[name, { ...field, optional: false }]] : [],
      ),
    ),
  );

/** Every beginning of every stream of an aggregate: none at all, and then the shortest first. */
const beginningsOf = ({ category }: AnyAggregate, streams: readonly GoldenStream[]): readonly (readonly GoldenEvent[])[] => {
  const own = streams.filter(({ aggregate }) => aggregate === category);
  return [[], ...own.flatMap(({ events }) => events.map((_, i) => events.slice(0, i + 1)))].toSorted((a, b) => a.length - b.length);
};

const firstOf = (
  { type, version, fields }: GoldenType,
  aggregate: AnyAggregate,
  id: string,
  example: object,
  beginnings: readonly (readonly GoldenEvent[])[],
  follows: Follows,
): readonly GoldenStream[] => {
  for (const events of beginnings)
    for (const data of [example, withKnownIds(fields, example, events)]) {
      const sample = { type, data, effectiveOn: events.at(-1)?.effectiveOn ?? '2016-01-01', schemaVersion: version };
      if (follows(aggregate, id, events, sample)) return [{ aggregate: aggregate.category, id, events: [...events, sample] }];
    }
  return [];
};

/** With the ids that earlier events have in a field of the same name: `dispute` names one that was raised. */
const withKnownIds = (fields: Fields, example: object, events: readonly GoldenEvent[]): object => {
  const known: Readonly<Record<string, unknown>> = Object.assign({}, ...events.map(({ data }) => data));
  const entries = Object.entries(example).map(([name, value]): [string, unknown] => [
    name,
    fields[name]!.kind === 'id' && typeof known[name] === 'string' ? known[name] : value,
  ]);
  return Object.fromEntries(entries);
};

type Follows = (aggregate: AnyAggregate, id: string, events: readonly GoldenEvent[], sample: GoldenEvent) => boolean;

/** By its stage, its rules and the invariants. */
const isLegal: Follows = (aggregate, id, events, sample) => {
  if (events.length === 0 && aggregate.events[sample.type]!.mayPrecede) return false;
  const { effectiveOn = '' } = sample;
  const history = History.of(aggregate, id, recordedOf({ aggregate, id, events }));
  return isAllowed(() => history.tryEvents([sample], [{ event: 'new', effectiveOn }], history.before(effectiveOn)));
};
/** By its stage and the invariants: no rule is checked when stored events are read. */
const folds: Follows = (aggregate, id, events, sample) =>
  isAllowed(() => History.of(aggregate, id, recordedOf({ aggregate, id, events: [...events, sample] })));

const isAllowed = (fold: () => unknown): boolean => {
  try {
    fold();
    return true;
  } catch (error) {
    if (error instanceof IllegalTransitionError) return false;
    throw error;
  }
};
