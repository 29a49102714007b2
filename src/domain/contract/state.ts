import { certainlyBefore, eventsOf, type Occurrence, type Rules, type Value } from '../../kernel/index.js';
import type { Programme } from '../programme/programme.js';

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

export interface Change {
  readonly event: string;
  readonly kind: 'value' | 'term' | 'scope';
  readonly on: string;
  readonly from: Value;
  readonly to?: Value;
  /** Where only the step is known. */
  readonly by?: Value;
  readonly statedFrom?: Value;
  readonly endsOn?: string;
  readonly ground?: string;
  readonly reference?: string;
}

export interface Contract {
  readonly stage: Stage;
  readonly programme?: string;
  readonly title: string;
  readonly role: 'tower' | 'incumbent' | 'outside';
  readonly towers: readonly string[];
  readonly supplier?: string;
  readonly replaces?: string;
  readonly regime?: string;
  readonly procedure?: string;
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
  };
  readonly options: readonly {
    readonly option: string;
    readonly months: number;
    readonly noticeMonths?: number;
    readonly status: 'open' | 'exercised' | 'lapsed';
  }[];
  readonly extensionSought?: { readonly option?: string; readonly until?: string; readonly on: string };
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
  readonly notice?: { readonly by: 'authority' | 'supplier'; readonly takesEffectOn?: string; readonly was: Stage };
  readonly termination?: {
    readonly ground: string;
    readonly causedBy?: string;
    readonly partial: boolean;
    readonly on: string;
    /** Last day of the services that end. */
    readonly endsOn?: string;
  };
  readonly notices: readonly {
    readonly reference: string;
    readonly uri?: string;
    readonly standstillEndsOn?: string;
    readonly on: string;
  }[];
  readonly novations: readonly { readonly from: string; readonly to: string; readonly on: string; readonly event: string }[];
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
}

export const none: Contract = {
  stage: 'none',
  title: '',
  role: 'tower',
  towers: [],
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
  notices: [],
  novations: [],
};

export const event = eventsOf<Contract, Programme>();

export const ENDS_BEFORE_START = 'A contract cannot end before it starts.';
/** For an event that sets the last day of the term: the service has not started after it. */
export const endsAfterServiceStart = <Data>(field: string, endOf: (data: Data) => string | undefined) =>
  ({
    'contract/ends-before-start': {
      says: ENDS_BEFORE_START,
      field,
      detail: ({ data }, { dates }) => `It would end on ${endOf(data)}; the service started on ${dates['started']}.`,
      holds({ data }, { dates: { started } }) {
        const end = endOf(data);
        return !end || !started || !certainlyBefore(end, started);
      },
    },
  }) satisfies Rules<Occurrence<Data>, Contract>;
export const dated = (c: Contract, what: string, on: string) => ({ dates: { ...c.dates, [what]: on } });
