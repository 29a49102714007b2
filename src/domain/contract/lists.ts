import type { Amount, ExternalReference, Value } from '../../kernel/index.js';

/** By which event, and on which day. */
interface RecordedBy {
  readonly event: string;
  readonly on: string;
}

export const CHANGE_KINDS = ['value', 'term', 'scope', 'party', 'administrative'] as const;

/** A change that somebody asked for. Its content is what an approval of it has to say. */
export interface Proposal extends RecordedBy {
  readonly proposal: string;
  /** Person id: who is recorded as deciding to propose it, else who recorded it. */
  readonly proposedBy?: string;
  readonly kind: (typeof CHANGE_KINDS)[number];
  readonly summary?: string;
  readonly to?: Value;
  readonly by?: Value;
  readonly statedFrom?: Value;
  readonly endsOn?: string;
  readonly ground?: string;
  readonly unforeseen?: boolean;
  /** By when a decision is asked for. */
  readonly decideBy?: string;
  readonly status: 'open' | 'approved' | 'rejected' | 'withdrawn';
  readonly decidedOn?: string;
  /** Why it was rejected or withdrawn. */
  readonly why?: string;
}

export interface Milestone extends RecordedBy {
  readonly milestone: string;
  readonly title: string;
  /** The day that was agreed at first. */
  readonly baseline: string;
  /** The day on which it is expected now. */
  readonly forecast: string;
  readonly status: 'planned' | 'missed' | 'reached';
  readonly reachedOn?: string;
  /** How often the forecast was moved, and why the last time. */
  readonly moves: number;
  readonly cause?: string;
}

export interface Kpi extends RecordedBy {
  readonly kpi: string;
  readonly title: string;
  /** Decimal; absent where it is only met or missed. */
  readonly target?: number | string;
  readonly bound?: 'at-least' | 'at-most';
  readonly unit?: string;
  /** Months of each period. */
  readonly every?: number;
  /** First day that is measured. */
  readonly from?: string;
  readonly assessed: number;
  readonly missed: number;
  /** The latest period that was assessed, by its last day. */
  readonly last?: { readonly to: string; readonly result: 'met' | 'missed' };
}

/** What one period came to. */
export interface KpiAssessment extends RecordedBy {
  readonly kpi: string;
  readonly from?: string;
  readonly to: string;
  readonly measured?: number | string;
  readonly result: 'met' | 'missed';
  readonly note?: string;
}

export interface ServiceCredit extends RecordedBy {
  readonly credit: string;
  readonly kpi?: string;
  /** Last day of the period that was missed. */
  readonly to?: string;
  readonly amount: Amount;
  readonly reference?: string;
}

export const SETTLEMENTS = ['agreement', 'mediation', 'adjudication', 'arbitration', 'court', 'withdrawn'] as const;
export interface Dispute extends RecordedBy {
  readonly dispute: string;
  readonly by: 'authority' | 'supplier';
  readonly matter: string;
  readonly amount?: Value;
  readonly status: 'open' | 'settled';
  readonly settled?: {
    readonly on: string;
    readonly how: (typeof SETTLEMENTS)[number];
    readonly outcome: string;
    readonly amount?: Value;
  };
}

/** Who answers for a contract, from a day on. */
export interface Ownership extends RecordedBy {
  /** Person id, never a name. */
  readonly owner?: string;
  readonly department?: string;
}

export interface StandstillLetter extends RecordedBy {
  readonly electronic: boolean;
  readonly standstillEndsOn?: string;
  readonly reference?: string;
}

export const OUTCOMES = ['withdrawn', 'dismissed', 'settled', 'set-aside'] as const;
export interface Challenge extends RecordedBy {
  readonly challenge: string;
  readonly by: string;
  /** Whether the contract may not be signed while it is open. */
  readonly suspends: boolean;
  readonly matter?: string;
  readonly resolved?: { readonly on: string; readonly outcome: (typeof OUTCOMES)[number]; readonly note?: string };
}

/** Kinds of notices beside that of the award. */
export const NOTICES = [
  'pipeline',
  'market-engagement',
  'planned-procurement',
  'tender',
  'transparency',
  'contract-details',
  'change',
  'performance',
  'payments',
  'termination',
  'other',
] as const;
export interface Notice extends RecordedBy {
  readonly kind: (typeof NOTICES)[number];
  readonly reference: string;
  readonly uri?: string;
  readonly note?: string;
  readonly references?: readonly ExternalReference[];
}

/** A rise or fall of prices that the contract itself provides for. */
export interface Indexation extends RecordedBy {
  readonly index: string;
  readonly percent?: number | string;
  readonly falls?: boolean;
  readonly from: Value;
  readonly to?: Value;
}

/** What was decided about a break point. */
export interface Break extends RecordedBy {
  readonly afterMonths: number;
  readonly status: 'exercised' | 'waived';
  readonly endsOn?: string;
}

const listOf = <Item>(): readonly Item[] => [];
/**
 * The lists that a contract comes to have while it runs, in valid-time order: a line here is all that a new one needs. The state may have
 * it (see `ContractLists`), the rows of the register carry its newest items and their number, and its pages hold all of them.
 */
export const CONTRACT_LISTS = {
  proposals: listOf<Proposal>(),
  milestones: listOf<Milestone>(),
  kpis: listOf<Kpi>(),
  kpiAssessments: listOf<KpiAssessment>(),
  serviceCredits: listOf<ServiceCredit>(),
  disputes: listOf<Dispute>(),
  owners: listOf<Ownership>(),
  standstillLetters: listOf<StandstillLetter>(),
  challenges: listOf<Challenge>(),
  otherNotices: listOf<Notice>(),
  indexations: listOf<Indexation>(),
  breaksDecided: listOf<Break>(),
};
type Lists = typeof CONTRACT_LISTS;
/** Each absent while nothing of its kind was recorded. */
export type ContractLists = { readonly [Name in keyof Lists]?: Lists[Name] };

/** A list with one more item. */
export const withItem = <T>(list: readonly T[] | undefined, item: T): readonly T[] => [...(list ?? []), item];
/** A list with the items that are meant changed. */
export const changed = <T>(list: readonly T[] | undefined, isMeant: (item: T) => boolean, change: (item: T) => T): readonly T[] =>
  (list ?? []).map((item) => (isMeant(item) ? change(item) : item));
