import {
  before,
  certainlyBefore,
  choice,
  id,
  isSameDate,
  list,
  object,
  optional,
  percentage,
  ref,
  type Occurrence,
  type Rules,
} from '../../kernel/index.js';
import { PARTS, type Contract, type Supply } from './state.js';

const supplying = {
  supplier: ref('supplier', 'A supplier'),
  share: optional(percentage('Its share in per cent: of the lot where it has one, else of the contract', { max: 100, example: '40.0' })),
  lot: optional(id('The lot that it has')),
  role: optional(choice(PARTS, 'Its part among several')),
};
export const supplyFields = supplying;
export const suppliersField = list(object(supplying), 'The suppliers, each with a share, with a lot, or jointly', {
  min: 1,
  max: 100,
  example: [{ supplier: 'example-supplier' }],
});

/** Those who are suppliers once everything that was decided has taken effect. */
export const suppliersOf = ({ suppliers }: Pick<Contract, 'suppliers'>): readonly Supply[] =>
  suppliers.every(({ leftOn }) => leftOn === undefined) ? suppliers : suppliers.filter(({ leftOn }) => leftOn === undefined);

/** The suppliers on a day, uncertain or not: one that may have left by then has left, one that may have joined has joined. */
export const suppliersOn = ({ suppliers }: Pick<Contract, 'suppliers'>, day: string): readonly Supply[] =>
  suppliers.filter(
    ({ joinedOn, leftOn }) => !(joinedOn && certainlyBefore(day, joinedOn)) && (leftOn === undefined || certainlyBefore(day, leftOn)),
  );

/** The next day after this one on which the suppliers are others; undefined where none is known. */
export const suppliersChangeOn = ({ suppliers }: Pick<Contract, 'suppliers'>, day: string): string | undefined => {
  let next: string | undefined;
  for (const { joinedOn, leftOn } of suppliers)
    for (const on of [joinedOn, leftOn])
      if (on !== undefined && certainlyBefore(day, on) && (next === undefined || certainlyBefore(on, next))) next = on;
  return next;
};

/** Each supplier once, in order. */
export const idsOf = (suppliers: readonly Supply[]): readonly string[] => {
  const ids = suppliers.map(({ supplier }) => supplier);
  return ids.length < 2 ? ids : [...new Set(ids)];
};

/** Whether one is certainly a supplier on the day on which another one becomes it. */
const isThereWhen = (one: Supply, { joinedOn }: Supply): boolean => {
  if (joinedOn === undefined) return one.joinedOn === undefined;
  return (
    (one.joinedOn === undefined || isSameDate(one.joinedOn, joinedOn) || before(joinedOn, one.joinedOn) === 'no') &&
    (one.leftOn === undefined || certainlyBefore(joinedOn, one.leftOn))
  );
};
const areTogether = (one: Supply, other: Supply): boolean => one.lot === other.lot && (isThereWhen(one, other) || isThereWhen(other, one));
const inLot = ({ lot }: Supply): string => (lot === undefined ? '' : ` in the lot ${lot}`);

/** Percentages of at most four digits after the point are whole numbers of these: their sums are exact. */
const UNITS = 10_000;
export const WHOLE = 100 * UNITS;
export const shareUnits = ({ share }: Supply): number => (share === undefined ? 0 : Math.round(Number(share) * UNITS));

/** Entries of the suppliers of a contract at most: who were, are and will be. */
export const MOST_SUPPLIERS = 5000;
/** For an event that adds to them. */
export const hasRoom = {
  'contract/full': {
    says: `A contract has at most ${MOST_SUPPLIERS.toLocaleString('en')} suppliers, with those that have left.`,
    field: '/supplier',
    holds: (_: unknown, { suppliers }: Contract) => suppliers.length < MOST_SUPPLIERS,
  },
};

/** All suppliers of a contract once an event has brought some in, and those. */
interface BroughtIn extends Pick<Contract, 'suppliers' | 'lots'> {
  readonly newcomers: readonly Supply[];
}
const twice = ({ suppliers, newcomers }: BroughtIn): Supply | undefined =>
  newcomers.find((one) => suppliers.some((other) => other !== one && other.supplier === one.supplier && areTogether(one, other)));
/** One that is said to be the only one, and is not. */
const notSole = ({ suppliers, newcomers }: BroughtIn): Supply | undefined => {
  for (const one of newcomers)
    for (const other of suppliers)
      if (other !== one && (one.role === 'sole' || other.role === 'sole') && areTogether(one, other))
        return one.role === 'sole' ? one : other;
  return undefined;
};
/** The sum of those who are there on a day on which one of them joins: on those days alone on which somebody new is there. */
const tooMuch = ({ suppliers, newcomers }: BroughtIn): { readonly at: Supply; readonly units: number } | undefined => {
  const sharing = suppliers.filter(({ share }) => share !== undefined);
  const newly = newcomers.filter(({ share }) => share !== undefined);
  const days = new Map<string, Supply>();
  for (const at of newly.length > 0 ? sharing : [])
    if (newly.some((one) => one.lot === at.lot && isThereWhen(one, at))) days.set(`${at.lot ?? ''} ${at.joinedOn ?? ''}`, at);
  for (const at of days.values()) {
    const there = sharing.filter((one) => one.lot === at.lot && isThereWhen(one, at));
    const units = there.reduce((sum, one) => sum + shareUnits(one), 0);
    if (units > WHOLE) return { at, units };
  }
  return undefined;
};
const withoutLot = ({ newcomers, lots }: BroughtIn): Supply | undefined =>
  newcomers.find(({ lot }) => lot !== undefined && !lots.some((known) => known.lot === lot));

/** For an event that brings suppliers in. A refusal is of what certainly happens on one day; `fields` blames the list or one supplier. */
export const suppliersRules = <On extends Occurrence<object>>(
  after: (on: On, c: Contract) => BroughtIn,
  fields: { readonly supplier: string; readonly lot: string; readonly role: string; readonly share: string },
) =>
  ({
    'contract/unknown-lot': {
      says: 'A supplier has a lot of the contract.',
      field: fields.lot,
      detail(on, c) {
        const brought = after(on, c);
        return `${withoutLot(brought)!.lot} is none of its lots: ${brought.lots.map(({ lot }) => lot).join(', ') || 'it has none'}.`;
      },
      holds: (on, c) => withoutLot(after(on, c)) === undefined,
    },
    'contract/duplicate-supplier': {
      says: 'A supplier stands once in a contract, or once in each of its lots.',
      field: fields.supplier,
      detail(on, c) {
        const one = twice(after(on, c))!;
        return `${one.supplier} is there already${inLot(one)}.`;
      },
      holds: (on, c) => twice(after(on, c)) === undefined,
    },
    'contract/not-sole': {
      says: 'A sole supplier has no others beside it.',
      field: fields.role,
      detail(on, c) {
        const one = notSole(after(on, c))!;
        return `${one.supplier} is the sole supplier${inLot(one)}.`;
      },
      holds: (on, c) => notSole(after(on, c)) === undefined,
    },
    'contract/shares-above-whole': {
      says: 'Shares come to at most 100 per cent.',
      field: fields.share,
      detail(on, c) {
        const { at, units } = tooMuch(after(on, c))!;
        return `The shares${inLot(at)} come to ${units / UNITS} per cent${at.joinedOn === undefined ? '' : ` on ${at.joinedOn}`}.`;
      },
      holds: (on, c) => tooMuch(after(on, c)) === undefined,
    },
  }) satisfies Rules<On, Contract>;
