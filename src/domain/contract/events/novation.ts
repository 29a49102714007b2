import { certainlyBefore, date, id, optional, ref, text, type Occurrence, type Rules } from '../../../kernel/index.js';
import { checked } from '../../programme/policies.js';
import { assessStanding } from '../standing.js';
import { event, type Contract, type Supply } from '../state.js';
import { hasRoom, idsOf, suppliersOf, suppliersRules, supplyFields } from '../suppliers.js';

interface FromWhom {
  readonly from?: string;
}
/** The supplier that an event is about: the only one, where it names none. */
export const fromWhom = ({ from }: FromWhom, c: Contract): string | undefined => {
  const ids = idsOf(suppliersOf(c));
  return from ?? (ids.length === 1 ? ids[0] : undefined);
};
/** For an event about one supplier of a contract. */
export const fromRules = {
  'contract/which-supplier': {
    says: 'Of a contract with several suppliers, the one that it is about is named.',
    field: '/from',
    detail: (_, c) => `It is with ${idsOf(suppliersOf(c)).join(', ')}: name one in "from".`,
    holds: ({ data }, c) => fromWhom(data, c) !== undefined || suppliersOf(c).length === 0,
  },
  'contract/not-its-supplier': {
    says: 'It is about a supplier of the contract.',
    field: '/from',
    detail: ({ data: { from } }, c) => `${from} is none of its suppliers: ${idsOf(suppliersOf(c)).join(', ') || 'it has none'}.`,
    holds: ({ data: { from } }, c) => from === undefined || suppliersOf(c).some(({ supplier }) => supplier === from),
  },
} satisfies Rules<Occurrence<FromWhom>, Contract>;

/** The suppliers of a contract once one of them has left, wholly or in one lot, on a day: those of it who had not left before. */
export const without = (c: Contract, supplier: string, leftOn: string, lot?: string): readonly Supply[] =>
  c.suppliers.map((one) => (isLeaving(one, supplier, lot) ? { ...one, leftOn } : one));
const isLeaving = (one: Supply, supplier: string, lot: string | undefined): boolean =>
  one.supplier === supplier && one.leftOn === undefined && (lot === undefined || one.lot === lot);
/** When one of those who would leave joins, if that is certainly later than the day on which it would leave. */
const joinsLater = (c: Contract, supplier: string | undefined, leftOn: string, lot?: string): string | undefined =>
  c.suppliers.find((one) => isLeaving(one, supplier ?? '', lot) && one.joinedOn && certainlyBefore(leftOn, one.joinedOn))?.joinedOn;

interface TakingEffect {
  readonly takesEffectOn?: string;
}
const dayOf = ({ data, effectiveOn }: Pick<Occurrence<TakingEffect>, 'data' | 'effectiveOn'>): string => data.takesEffectOn ?? effectiveOn;
const LEAVES_BEFORE_JOINING = 'A supplier cannot leave before it has joined.';

type Admission = TakingEffect & Pick<Supply, 'supplier' | 'share' | 'lot' | 'role'>;
const admitted = ({ takesEffectOn: _, ...supply }: Admission, joinedOn: string): Supply => ({ ...supply, joinedOn });

/** How a contract moves to another supplier: decided on one day, in effect on the same or on a later one. */
export const novating = {
  ContractNovated: event({
    allowedIn: ['signed', 'live', 'notice-given', 'exiting'],
    fields: {
      supplier: ref('supplier', 'The supplier that takes the contract over'),
      from: optional(ref('supplier', 'The supplier that it takes it over from, where the contract has several')),
      ground: optional(text('The ground in law or contract that is cited', { max: 300 })),
      takesEffectOn: optional(date('When it takes effect')),
    },
    rules: {
      ...hasRoom,
      ...fromRules,
      'contract/same-supplier': {
        says: 'A novation is to another supplier.',
        field: '/supplier',
        detail: ({ data }) => `It is with ${data.supplier}.`,
        holds: ({ data }, c) => data.supplier !== fromWhom(data, c),
      },
      'contract/leaves-before-joining': {
        says: LEAVES_BEFORE_JOINING,
        field: '/takesEffectOn',
        detail: (on, c) => `${fromWhom(on.data, c)} joins on ${joinsLater(c, fromWhom(on.data, c), dayOf(on))}.`,
        holds: (on, c) => joinsLater(c, fromWhom(on.data, c), dayOf(on)) === undefined,
      },
    },
    evolve(c, { supplier, from, takesEffectOn }, { event, effectiveOn }) {
      const on = takesEffectOn ?? effectiveOn;
      const leaving = fromWhom({ ...(from && { from }) }, c);
      // A correction is folded before its rules are asked: what no rule lets pass changes nothing.
      if (leaving === undefined) return c;
      const taken = suppliersOf(c).filter((one) => one.supplier === leaving);
      return {
        ...c,
        suppliers: [...without(c, leaving, on), ...taken.map((one): Supply => ({ ...one, supplier, joinedOn: on }))],
        novations: [...c.novations, { event, from: leaving, to: supplier, on }],
      };
    },
    assess: ({ supplier, ground }, context, _, programme, taken) => [
      ...checked(
        programme,
        'novation-ground',
        context.effectiveOn,
        { ground: ground ?? null },
        ground === undefined ? 'not-met' : 'met',
        ground === undefined ? 'No ground in law or contract is cited.' : undefined,
      ),
      ...assessStanding([supplier], context, programme, taken),
    ],
  }),
  SupplierAdmitted: event({
    allowedIn: ['awarded', 'signed', 'live', 'notice-given'],
    fields: { ...supplyFields, takesEffectOn: optional(date('The first day on which it is a supplier')) },
    rules: {
      ...hasRoom,
      ...suppliersRules<Occurrence<Admission>>(
        (on, c) => {
          const one = admitted(on.data, dayOf(on));
          return { suppliers: [...c.suppliers, one], newcomers: [one], lots: c.lots };
        },
        { supplier: '/supplier', lot: '/lot', role: '/role', share: '/share' },
      ),
    },
    evolve: (c, data, { effectiveOn }) => ({
      ...c,
      suppliers: [...c.suppliers, admitted(data, data.takesEffectOn ?? effectiveOn)],
    }),
    assess: ({ supplier }, context, _, programme, taken) => assessStanding([supplier], context, programme, taken),
  }),
  SupplierRemoved: event({
    allowedIn: ['awarded', 'signed', 'live', 'notice-given', 'exiting'],
    fields: {
      supplier: ref('supplier', 'The supplier that leaves'),
      lot: optional(id('The lot that it leaves; all of them where none is named')),
      why: optional(text('Why', { max: 1000 })),
      takesEffectOn: optional(date('The first day on which it is no supplier any more')),
    },
    rules: {
      'contract/not-its-supplier': {
        says: 'It is about a supplier of the contract.',
        field: '/supplier',
        detail: ({ data: { supplier, lot } }, c) =>
          `${supplier} is none of its suppliers${lot === undefined ? '' : ` in the lot ${lot}`}: ${idsOf(suppliersOf(c)).join(', ') || 'it has none'}.`,
        holds: ({ data: { supplier, lot } }, c) => c.suppliers.some((one) => isLeaving(one, supplier, lot)),
      },
      'contract/last-supplier': {
        says: 'A contract keeps a supplier until it ends: only a framework may have none.',
        field: '/supplier',
        holds: ({ data: { supplier, lot } }, c) => c.kind === 'framework' || suppliersOf(c).some((one) => !isLeaving(one, supplier, lot)),
      },
      'contract/leaves-before-joining': {
        says: LEAVES_BEFORE_JOINING,
        field: '/takesEffectOn',
        detail: (on, c) => `${on.data.supplier} joins on ${joinsLater(c, on.data.supplier, dayOf(on), on.data.lot)}.`,
        holds: (on, c) => joinsLater(c, on.data.supplier, dayOf(on), on.data.lot) === undefined,
      },
    },
    evolve: (c, { supplier, lot, takesEffectOn }, { effectiveOn }) => ({
      ...c,
      suppliers: without(c, supplier, takesEffectOn ?? effectiveOn, lot),
    }),
  }),
};
