import {
  certainlyBefore,
  choice,
  count,
  date,
  id,
  list,
  mayBeSame,
  object,
  optional,
  quantity,
  rangeOf,
  ref,
  sumOf,
  text,
  type DataOf,
  type Headcount,
  type Occurrence,
  type Quantity,
  type Range,
  type Rule,
  type Rules,
} from '../../kernel/index.js';
import { BASES, type Basis } from './law.js';
import { pool, type PoolName } from './pools.js';

/** Who did not move, and why: beside the four sums, of those who objected, were retained or left. */
export const NOT_MOVED = ['objected', 'retained', 'redeployed', 'not-assigned', 'resigned', 'retired', 'dismissed', 'redundant', 'contract-ended', 'died', 'other'] as const; // prettier-ignore
export const PENSIONS = ['same-scheme', 'admission-agreement', 'broadly-comparable', 'statutory-minimum', 'none', 'unknown'] as const;

/** What a plan and a transfer both say in law. */
export const registerFields = {
  contract: optional(ref('contract', 'The contract that makes it necessary')),
  basis: optional(choice(BASES, 'On which basis in law they transfer')),
  activity: optional(text('The activity that they are assigned to', { example: 'Service desk' })),
};
const heads = (about: string) => optional(quantity(about));

export const transferFields = {
  transfer: id('The transfer', { example: 'applications-2016' }),
  plan: optional(id('The plan that it carries out')),
  from: pool,
  to: pool,
  inScope: quantity('Who was on the list of those in scope', { example: 113 }),
  moved: quantity('Who moved to the new employer'),
  objected: heads('Who objected, and so left'),
  retained: heads('Who stayed with the old employer'),
  left: heads('Who left before the day, those recorded as leavers under the plan among them'),
  notMoved: optional(
    list(object({ why: choice(NOT_MOVED), count: count('How many', { min: 1 }) }), 'Why the others did not move', {
      max: NOT_MOVED.length,
    }),
  ),
  fte: optional(
    object(
      { moved: quantity('Full-time equivalents that moved'), objected: heads('That objected'), left: heads('That left before the day') },
      'The same people as full-time equivalents',
    ),
  ),
  posts: optional(
    object(
      { moved: quantity('Posts that moved'), vacancies: optional(count('Vacant ones among them')) },
      'The posts that moved with the people',
    ),
  ),
  vacancies: optional(count('Vacant ones among those that moved; only of posts')),
  ...registerFields,
  transferOn: optional(date('The day of the transfer in law; the day of the act when absent')),
  pension: optional(
    list(object({ by: choice(PENSIONS), count: count('How many', { min: 1 }) }), 'How the pensions of those who moved are kept', {
      max: PENSIONS.length,
    }),
  ),
  origin: optional(
    object(
      { kind: choice(['second-generation', 'return']), transfer: id('The earlier transfer') },
      'The earlier transfer, where they transfer again or come back',
    ),
  ),
  listSha256: optional(text('SHA-256 of the list of staff, in hexadecimal; names are never stored', { max: 64 })),
};
type TransferData = DataOf<typeof transferFields>;

/** What stands under a plan: transfers, leavers, joiners, information and consultation name it. */
export interface Plan {
  readonly plan: string;
  readonly from: PoolName;
  readonly to: PoolName;
  /** The number of its list, on the day of the list. */
  readonly inScope: Headcount;
  readonly scopeOn: string;
  readonly contract?: string;
  readonly basis?: Basis;
  readonly activity?: string;
  readonly expectedOn?: string;
  readonly revisions: number;
  readonly cancelled?: { readonly on: string; readonly why: string };
  /** Who was in scope of its transfers before the day of the list: they are no longer on it. */
  readonly before: Range;
  /** Who left the pool and who joined it under the plan since the list. */
  readonly left: Range;
  readonly joined: Range;
  /** How many of those who left the transfers have in their own `left`. */
  readonly covered: Range;
  readonly informed: readonly { readonly on: string; readonly transferOn?: string }[];
  readonly consulted: readonly Consultation[];
  readonly on: string;
  readonly event: string;
}
export interface Consultation {
  readonly informedOn: string;
  readonly with: 'union' | 'representatives' | 'direct';
  readonly measures?: string;
  readonly employees?: number;
}
export interface Transfer extends Omit<TransferData, 'listSha256' | 'objected' | 'retained' | 'left'> {
  readonly objected: Quantity;
  readonly retained: Quantity;
  readonly left: Quantity;
  /** How many of those who left were recorded as leavers under the plan. */
  readonly leftRecorded: Range;
  readonly on: string;
  readonly event: string;
}

/** The plans and transfers of a workforce, in valid-time order: what the rules on them read. */
export interface Planning {
  readonly plans: readonly Plan[];
  readonly transfers: readonly Transfer[];
}

/** The day in law. */
export const dayOfTransfer = ({ transferOn, on }: Pick<Transfer, 'transferOn' | 'on'>): string => transferOn ?? on;
export const inRange = (quantity: Quantity | undefined, { unit }: PoolName): Range => rangeOf(quantity ?? 0, unit);

/** The same rule for everything that names a plan. */
export const ofAKnownPlan = {
  'workforce/unknown-plan': {
    says: 'The plan was recorded, on an earlier day or without one.',
    field: '/plan',
    detail: ({ data: { plan } }) => `No plan ${plan} stands before this.`,
    holds: ({ data: { plan } }, { plans }) => plan === undefined || plans.some((p) => p.plan === plan),
  },
} satisfies Rules<Occurrence<{ readonly plan?: string }>, Planning>;

export const anotherEmployer: Rule<Occurrence<{ readonly from: PoolName; readonly to: PoolName }>, Planning> = {
  says: 'A transfer goes from one employer to another.',
  field: '/to/employer',
  detail: ({ data: { to } }) => `${to.employer} employs them already.`,
  holds: ({ data: { from, to } }) => from.employer !== to.employer,
};
export const oneUnit = { says: 'Posts, people and full-time equivalents are never mixed.', field: '/to/unit' };

/** Fields of a quantity that has a decimal text though its unit is counted in whole numbers. */
const fractions = (unit: PoolName['unit'], quantities: Readonly<Record<string, Quantity | undefined>>): readonly string[] =>
  unit === 'fte' ? [] : Object.keys(quantities).filter((field) => typeof tallyIn(quantities[field]) === 'string');
const tallyIn = (quantity: Quantity | undefined) => (typeof quantity === 'object' ? quantity.count : quantity);

/** `of` gives the quantities of an event by their pointer, and the unit that they are in. */
export const wholeNumbers = <Data>(
  of: (data: Data) => readonly [unit: PoolName['unit'], quantities: Readonly<Record<string, Quantity | undefined>>],
): Rule<Occurrence<Data>, Planning> => ({
  says: 'Posts and people are whole numbers: only full-time equivalents have a decimal text.',
  field: ({ data }) => fractions(...of(data))[0]!,
  detail: ({ data }) => {
    const [unit, quantities] = of(data);
    return `${tallyIn(quantities[fractions(unit, quantities)[0]!])} ${unit} would not be a whole number.`;
  },
  holds: ({ data }) => fractions(...of(data)).length === 0,
});

const show = (quantity: Quantity = 0): string =>
  typeof quantity === 'object' ? `${quantity.qualifier ?? 'exact'} ${quantity.count}` : String(quantity);
const partsOf = ({ moved, objected, retained, left }: TransferData) => [moved, objected, retained, left];
const accounted = (data: TransferData): Range => sumOf(partsOf(data).map((part) => inRange(part, data.from)));
const total = (counts: readonly { readonly count: number }[] = []): number => counts.reduce((sum, { count }) => sum + count, 0);
const most = (range: Range): number => range.most ?? Number.POSITIVE_INFINITY;

/** Of which of the sums those are who did not move for a reason; `other` may be any. */
const PART_OF = {
  objected: ['objected'],
  retained: ['retained', 'redeployed', 'not-assigned'],
  left: ['resigned', 'retired', 'dismissed', 'redundant', 'contract-ended', 'died'],
} as const satisfies Record<string, readonly (typeof NOT_MOVED)[number][]>;
type Part = keyof typeof PART_OF;
const PARTS = ['objected', 'retained', 'left'] as const satisfies readonly Part[];
const reasonsFor = (part: Part, { notMoved = [] }: TransferData) =>
  notMoved.filter(({ why }) => (PART_OF[part] as readonly string[]).includes(why));
const tooManyReasons = (data: TransferData): readonly Part[] =>
  PARTS.filter((part) => total(reasonsFor(part, data)) > most(inRange(data[part], data.from)));

/** What must hold of a transfer where it stands. */
export const transferRules = {
  'workforce/duplicate': {
    says: 'Each plan and each transfer has an id of its own.',
    field: '/transfer',
    detail: ({ data: { transfer } }) => `${transfer} is the id of another transfer.`,
    holds: ({ data }, { transfers }) => !transfers.some(({ transfer }) => transfer === data.transfer),
  },
  ...ofAKnownPlan,
  'workforce/same-employer': anotherEmployer,
  'workforce/mixed-units': { ...oneUnit, holds: ({ data: { from, to } }) => from.unit === to.unit },
  'workforce/not-whole': wholeNumbers<TransferData>(({ from, inScope, moved, objected, retained, left }) => [
    from.unit,
    { '/inScope': inScope, '/moved': moved, '/objected': objected, '/retained': retained, '/left': left },
  ]),
  'workforce/does-not-add-up': {
    says: 'Moved, objected, retained and left are together those in scope.',
    field: '/inScope',
    detail: ({ data }) => {
      const [moved, objected, retained, left] = partsOf(data).map(show);
      const { least, most } = accounted(data);
      const sum = least === most ? least : `from ${least} to ${most ?? 'any number'}`;
      return `${moved} moved, ${objected} objected, ${retained} retained and ${left} left are ${sum}, not ${show(data.inScope)}.`;
    },
    holds: ({ data }) => mayBeSame(accounted(data), inRange(data.inScope, data.from)),
  },
  'workforce/side-by-side': {
    says: 'Posts and full-time equivalents stand beside people: a transfer that is counted in them has no second count.',
    field: ({ data: { fte } }) => (fte ? '/fte' : '/posts'),
    detail: ({ data: { from } }) => `This transfer is counted in ${from.unit}.`,
    holds: ({ data: { from, fte, posts } }) => from.unit === 'people' || (!fte && !posts),
  },
  'workforce/not-vacant': {
    says: 'Only posts are vacant, and no more of them than there are.',
    field: ({ data: { vacancies } }) => (vacancies === undefined ? '/posts/vacancies' : '/vacancies'),
    detail: ({ data: { from, moved, posts, vacancies } }) =>
      vacancies !== undefined && from.unit !== 'posts'
        ? `This transfer is counted in ${from.unit}.`
        : `${posts?.vacancies ?? vacancies} of ${show(posts?.moved ?? moved)} posts would be vacant.`,
    holds: ({ data: { from, moved, posts, vacancies = 0 } }) =>
      (vacancies === 0 || (from.unit === 'posts' && vacancies <= most(inRange(moved, from)))) &&
      (posts?.vacancies ?? 0) <= most(rangeOf(posts?.moved ?? 0, 'posts')),
  },
  'workforce/more-than-did-not-move': {
    says: 'No more reasons are given for not moving than people did not move: objected, retained or left.',
    field: '/notMoved',
    detail: ({ data }) => {
      const [part] = tooManyReasons(data);
      return part === undefined
        ? `Reasons are given for ${total(data.notMoved)}; ${show(data.moved)} of ${show(data.inScope)} moved.`
        : `Reasons are given for ${total(reasonsFor(part, data))} ${part}; ${show(data[part])} ${part}.`;
    },
    holds: (act) => {
      const { notMoved, objected, retained, left, from } = act.data;
      if (tooManyReasons(act.data).length > 0) return false;
      return total(notMoved) <= most(sumOf([objected, retained, left].map((part) => inRange(part, from))));
    },
  },
  'workforce/more-pensions-than-moved': {
    says: 'Pensions are kept of no more people than moved.',
    field: '/pension',
    detail: ({ data: { pension, moved } }) => `Those of ${total(pension)} are kept; ${show(moved)} moved.`,
    holds: ({ data: { pension, moved, from } }) => total(pension) <= most(inRange(moved, from)),
  },
  'workforce/unknown-origin': {
    says: 'The earlier transfer was recorded.',
    field: '/origin/transfer',
    detail: ({ data: { origin } }) => `No transfer ${origin!.transfer} stands before this.`,
    holds: ({ data: { origin } }, { transfers }) => !origin || transfers.some(({ transfer }) => transfer === origin.transfer),
  },
  'workforce/transfers-later': {
    says: 'A transfer is recorded on its day or later.',
    field: '/transferOn',
    detail: ({ data: { transferOn }, effectiveOn }) => `It would be of ${transferOn}, after ${effectiveOn}.`,
    holds: ({ data: { transferOn }, effectiveOn }) => !transferOn || !certainlyBefore(effectiveOn, transferOn),
  },
  'workforce/not-a-hash': {
    says: 'The hash of a list is 64 hexadecimal digits.',
    field: '/listSha256',
    detail: ({ data: { listSha256 } }) =>
      listSha256!.length === 64
        ? 'It has characters that are no hexadecimal digits.'
        : `It has ${listSha256!.length} characters; a SHA-256 has 64 hexadecimal digits.`,
    holds: ({ data: { listSha256 } }) => listSha256 === undefined || /^[0-9a-fA-F]{64}$/.test(listSha256),
  },
} satisfies Rules<Occurrence<TransferData>, Planning>;
