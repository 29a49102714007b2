import {
  addDays,
  bounds,
  certainlyBefore,
  daysOf,
  endOfTerm,
  eventsOf,
  moveEnd,
  type Amount,
  type ExternalReference,
  type Occurrence,
  type Rules,
  type Value,
} from '../../kernel/index.js';
import type { Programme } from '../programme/programme.js';
import type { CHANGE_KINDS, ContractLists } from './lists.js';

/** In the order of a contract's life; `none` is a stream without events. */
export const STAGES = [
  'none',
  'planned',
  'tendering',
  'awarded',
  'signed',
  'live',
  'notice-given',
  'exiting',
  'closed',
  'cancelled',
] as const;
export type Stage = (typeof STAGES)[number];
export const afterAward: readonly Stage[] = ['awarded', 'signed', 'live', 'notice-given', 'exiting'];
export const isRunning = ({ stage }: Pick<Contract, 'stage'>): boolean => afterAward.includes(stage);

/** A framework promises nothing: what is bought under it are its call-offs. */
export const KINDS = ['contract', 'framework', 'call-off'] as const;

export const PARTS = ['sole', 'lead', 'member', 'joint'] as const;
/** A supplier of a contract, from one day to another. */
export interface Supply {
  readonly supplier: string;
  /** Per cent of the lot where it has one, else of the contract: at most four digits after the point. */
  readonly share?: number | string;
  readonly lot?: string;
  /** Its part among several. */
  readonly role?: (typeof PARTS)[number];
  /** The first day on which it is a supplier; absent of one that was there from the beginning. */
  readonly joinedOn?: string;
  /** The first day on which it is none any more. */
  readonly leftOn?: string;
}

export interface Change {
  readonly event: string;
  readonly kind: (typeof CHANGE_KINDS)[number] | 'indexation';
  readonly on: string;
  readonly from: Value;
  readonly to?: Value;
  /** Where only the step is known. */
  readonly by?: Value;
  readonly statedFrom?: Value;
  readonly endsOn?: string;
  /** What the change is, in the words of its record. */
  readonly summary?: string;
  /** The option that was exercised. */
  readonly option?: string;
  readonly ground?: string;
  /** The proposal that it approved. */
  readonly proposal?: string;
  readonly reference?: string;
}

export interface Termination {
  readonly event: string;
  readonly ground: string;
  readonly causedBy?: string;
  /** Where the contract went on with its other suppliers: the one with whom it ended. */
  readonly from?: string;
  readonly partial: boolean;
  readonly on: string;
  /** Last day of the services that end. */
  readonly endsOn?: string;
  /** The contracts whose end it makes necessary. */
  readonly forces?: readonly { readonly contract: string; readonly endsOn?: string }[];
}

/** How a contract came to its end: by the calendar, before it, or with its work done. */
export const ENDINGS = ['expired', 'terminated', 'completed'] as const;

export interface Novation {
  readonly event: string;
  readonly from: string;
  readonly to: string;
  /** The day on which it takes effect. */
  readonly on: string;
}

export interface Contract extends ContractLists {
  readonly stage: Stage;
  readonly programme?: string;
  readonly title: string;
  readonly kind: (typeof KINDS)[number];
  readonly role: 'tower' | 'incumbent' | 'outside';
  readonly towers: readonly string[];
  /** All who were, are and will be its suppliers, each with its days: `suppliersOn` says who they are on a day. */
  readonly suppliers: readonly Supply[];
  readonly lots: readonly {
    readonly lot: string;
    readonly title: string;
    /** As awarded. */
    readonly value?: Value;
    readonly term?: { readonly months?: number; readonly startsOn?: string; readonly endsOn?: string };
  }[];
  /** Of a call-off: recorded here, or another authority's. */
  readonly framework?: { readonly contract?: string; readonly reference?: string; readonly lot?: string };
  readonly replaces?: string;
  readonly regime?: string;
  readonly procedure?: string;
  readonly directAward?: { readonly ground: string };
  readonly description?: string;
  /** Where it is not the authority of the programme. */
  readonly buyer?: string;
  readonly references?: readonly ExternalReference[];
  /** As awarded, or as disclosed later; what every change is measured against. */
  readonly original: Value;
  /** The approved maximum now. */
  readonly ceiling: Value;
  readonly covers: 'initial-term' | 'with-options' | 'unknown';
  readonly vat: 'ex' | 'inc' | 'unknown';
  readonly term: {
    /** As agreed at first; what extensions added stands apart. */
    readonly months?: number;
    readonly extendedMonths?: number;
    readonly startsOn?: string;
    readonly endsOn?: string;
    /** As agreed at first, once another last day took its place; `unknown` where none was stated. */
    readonly agreedEndsOn?: string;
  };
  readonly options: readonly {
    readonly option: string;
    readonly months: number;
    readonly noticeMonths?: number;
    /** What exercising it adds, where it is no part of the value. */
    readonly value?: Amount;
    readonly status: 'open' | 'exercised' | 'lapsed';
  }[];
  readonly extensionSought?: { readonly option?: string; readonly until?: string; readonly why?: string; readonly on: string };
  readonly breaks: readonly { readonly afterMonths: number }[];
  readonly noticeDays?: number;
  readonly dates: { readonly [what: string]: string };
  readonly changes: readonly Change[];
  readonly delays: readonly {
    readonly milestone: string;
    readonly to: string;
    readonly from?: string;
    readonly cause?: string;
    readonly event: string;
  }[];
  readonly notice?: { readonly by: 'authority' | 'supplier'; readonly on: string; readonly takesEffectOn?: string; readonly was: Stage };
  /** In valid-time order; one of the whole contract is the last. */
  readonly terminations: readonly Termination[];
  readonly notices: readonly {
    readonly reference: string;
    readonly uri?: string;
    readonly standstillEndsOn?: string;
    readonly references?: readonly ExternalReference[];
    readonly on: string;
  }[];
  readonly novations: readonly Novation[];
  readonly cancelled?: { readonly why: string; readonly on: string };
  readonly closed?: {
    readonly on: string;
    /** Absent where nobody said and nothing recorded says it. */
    readonly how?: (typeof ENDINGS)[number];
    readonly endedOn: string;
    /** The last day before it was closed: of its term, or by a notice. */
    readonly wasToEndOn?: string;
    /** Why it went on beyond its last day. */
    readonly reason?: string;
  };
  readonly finalValue?: Value;
  /** Each with the fixed rate: units of the old currency for one of the new. */
  readonly redenominations?: readonly {
    readonly event: string;
    readonly on: string;
    readonly from: string;
    readonly to: string;
    readonly rate: string;
  }[];
  readonly historyCompleteFrom?: string;
  /** Of a day before that of its record: when it was recorded so. */
  readonly recordedLater?: string;
}

export const none: Contract = {
  stage: 'none',
  title: '',
  kind: 'contract',
  role: 'tower',
  towers: [],
  suppliers: [],
  lots: [],
  original: { unknown: true },
  ceiling: { unknown: true },
  covers: 'unknown',
  vat: 'unknown',
  term: {},
  options: [],
  breaks: [],
  dates: {},
  changes: [],
  delays: [],
  terminations: [],
  notices: [],
  novations: [],
};

export const event = eventsOf<Contract, Programme>();

export const ONE_CURRENCY = 'A contract has one currency: every figure of its value shares it.';

/** Term and service, as far as ends are counted from them. */
type Counted = Pick<Contract, 'term' | 'dates'>;
/** Of a term: 1,000 years, since there are leases of 999. */
export const MOST_MONTHS = 12_000;
const isKnown = (on: string | undefined): on is string => on !== undefined && on !== 'unknown';
/**
 * The first day of the term: as it was stated, else that on which the service started, which is not the same. What is counted from the
 * service says so, and refuses nothing.
 */
export const firstDayOf = ({ term, dates }: Counted): { readonly on: string; readonly of: 'term' | 'service' } | undefined => {
  if (isKnown(term.startsOn)) return { on: term.startsOn, of: 'term' };
  return isKnown(dates['started']) ? { on: dates['started'], of: 'service' } : undefined;
};
/**
 * The last day of the term, or what it would be with so many months more: as stated, else computed from its months and its first day.
 * Undefined when neither is known.
 */
export const statedEndOf = (
  { term: { startsOn, endsOn, months, extendedMonths = 0 } }: Pick<Contract, 'term'>,
  more = 0,
): string | undefined => {
  if (endsOn) return more ? moveEnd(endsOn, more) : endsOn;
  return isKnown(startsOn) && months ? endOfTerm(startsOn, months + extendedMonths + more) : undefined;
};
/** The same for a reader: counted from the start of the service where the first day of the term is not known. */
export const endOfContract = (c: Counted, more = 0): string | undefined => {
  const stated = statedEndOf(c, more);
  if (stated !== undefined || !c.term.months) return stated;
  const first = firstDayOf(c);
  return first && endOfTerm(first.on, c.term.months + (c.term.extendedMonths ?? 0) + more);
};
/** The term with another last day than it had; the one that was agreed at first is kept. */
export const endingOn = ({ term }: Pick<Contract, 'term'>, endsOn: string): Contract['term'] => ({
  ...term,
  endsOn,
  agreedEndsOn: term.agreedEndsOn ?? term.endsOn ?? 'unknown',
});
/** The last day that was agreed at first; undefined where it was not stated. */
export const agreedEndOf = ({ term: { agreedEndsOn, endsOn } }: Pick<Contract, 'term'>): string | undefined =>
  [agreedEndsOn ?? endsOn].find(isKnown);
/** The day on which a notice that stands takes effect, also once the contract was terminated, as long as that has no day of its own. */
const noticedEndOf = ({ stage, notice, terminations }: Contract): string | undefined =>
  stage === 'notice-given' || (stage === 'exiting' && terminations.at(-1)?.endsOn === undefined) ? notice?.takesEffectOn : undefined;
/** The earlier of two dates: where either may be, between the first and the last day on which it may lie. */
const earlierOf = (a: string, b: string): string => {
  const [x, y] = [bounds(a), bounds(b)];
  if (x.earliest <= y.earliest && x.latest <= y.latest) return a;
  if (y.earliest <= x.earliest && y.latest <= x.latest) return b;
  const [wide, latest] = x.earliest < y.earliest ? [a, y.latest] : [b, x.latest];
  return `[${daysOf(wide).earliest ?? ''}..${latest}]`;
};
/** The earlier of a last day and that day. */
const withNotice = (c: Contract, end: string | undefined): string | undefined => {
  const noticed = noticedEndOf(c);
  return noticed && end ? earlierOf(noticed, end) : (noticed ?? end);
};
/** The last day of the contract for a reader: of its term, or by a notice. */
export const lastDayOf = (c: Contract): string | undefined => withNotice(c, endOfContract(c));
/** What it rests on: it was stated, also by the notice, or is counted from the first day of the term, or from the start of the service. */
export const endBasisOf = (c: Contract): 'stated' | 'term-start' | 'service-start' | null => {
  const last = lastDayOf(c);
  if (c.term.endsOn || last !== endOfContract(c) || (last && last === noticedEndOf(c))) return 'stated';
  if (statedEndOf(c) !== undefined) return 'term-start';
  return endOfContract(c) === undefined ? null : 'service-start';
};
/** The same where it is stated: what is counted from the start of the service does not stand in the way of closing. */
export const statedLastDayOf = (c: Contract): string | undefined => withNotice(c, statedEndOf(c));
/** The first day on which a contract that nobody closed is certainly past its end; undefined where that is not known. */
export const pastEndFrom = (c: Contract): string | undefined => {
  const last = afterAward.includes(c.stage) ? lastDayOf(c) : undefined;
  const latest = last && bounds(last).latest;
  return latest && latest < '9999' ? addDays(latest, 1) : undefined;
};

type Starting = { readonly startsOn?: string };
/**
 * For an event that sets the last day of the term: it is not before the first day that the same event states, and the service has not
 * started after it. A start that never came does not matter.
 */
export const endsAfterStart = <Data extends Starting>(field: string, endOf: (data: Data) => string | undefined) =>
  ({
    'contract/ends-before-start': {
      says: ENDS_BEFORE_START,
      field,
      detail: ({ data }, { dates }) =>
        isBefore(endOf(data), data.startsOn)
          ? `It would start on ${data.startsOn} and end on ${endOf(data)}.`
          : `It would end on ${endOf(data)}; the service started on ${dates['started']}.`,
      holds: ({ data }, { dates }) => !isBefore(endOf(data), data.startsOn) && !isBefore(endOf(data), dates['started']),
    },
  }) satisfies Rules<Occurrence<Data>, Contract>;
export const ENDS_BEFORE_START = 'A contract cannot end before it starts.';
const isBefore = (end: string | undefined, start: string | undefined): boolean =>
  end !== undefined && start !== undefined && certainlyBefore(end, start);

export const dated = (c: Contract, what: string, on: string) => ({ dates: { ...c.dates, [what]: on } });
