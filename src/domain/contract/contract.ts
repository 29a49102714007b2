import {
  add,
  amount,
  certainlyBefore,
  choice,
  count,
  date,
  factsOf,
  flag,
  id,
  isAmount,
  list,
  object,
  optional,
  ref,
  subject,
  text,
  value,
  addDays,
  isDay,
  type Amount,
  type Value,
} from '../../kernel/index.js';
import { approvalOf, checked } from '../programme/policies.js';
import { programme, type Programme } from '../programme/programme.js';

/** In the order of a contract's life; `none` is a stream without events. */
export const STAGES = ['none', 'planned', 'tendering', 'awarded', 'signed', 'live', 'notice-given', 'exiting', 'closed'] as const;
export type Stage = (typeof STAGES)[number];
const afterAward: readonly Stage[] = ['awarded', 'signed', 'live', 'notice-given', 'exiting'];

export interface Change {
  readonly event: string;
  readonly kind: 'value' | 'term' | 'scope';
  readonly on: string;
  readonly from: Value;
  readonly to?: Value;
  /** Where only the step was told. */
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
  readonly term: { readonly months?: number; readonly startsOn?: string; readonly endsOn?: string };
  readonly options: readonly {
    readonly option: string;
    readonly months: number;
    readonly noticeMonths?: number;
    readonly status: 'open' | 'exercised' | 'lapsed';
  }[];
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
  readonly termination?: { readonly ground: string; readonly causedBy?: string; readonly partial: boolean; readonly on: string };
  readonly finalValue?: Value;
  readonly historyCompleteFrom?: string;
}

const none: Contract = {
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
};

export const REGIMES = ['PCR2006', 'PCR2015', 'PA2023', 'framework-call-off', 'other', 'unknown'] as const;
const regime = choice(REGIMES, 'The law it was procured under');
const title = text('Title of the contract', { example: 'Hosting' });
const towers = list(ref('tower'), 'The towers it serves; none when it stands outside them', { max: 20 });
const supplier = ref('supplier', 'The supplier it is awarded to');
const covers = choice(['initial-term', 'with-options', 'unknown'], 'What the value covers');
const vat = choice(['ex', 'inc', 'unknown'], 'Whether the value includes VAT');
const months = count('Months', { min: 1, max: 1200, example: 72 });
const options = list(
  object({
    option: id('The option', { example: 'year-7' }),
    months,
    noticeMonths: optional(count('Months of notice before the end', { max: 120 })),
    status: optional(choice(['open', 'exercised', 'lapsed'])),
  }),
  'Options to extend, in order',
  { max: 20 },
);
const breaks = list(object({ afterMonths: months }), 'Break points', { max: 20 });
const noticeDays = count('Calendar days of notice to end the contract', { max: 3660, example: 180 });
const terms = {
  value: value('The approved value: an amount, or why there is none'),
  covers: optional(covers),
  vat: optional(vat),
  termMonths: optional(months),
  startsOn: optional(date('First day of the term')),
  endsOn: optional(date('Last day of the term')),
  options: optional(options),
  breaks: optional(breaks),
  noticeDays: optional(noticeDays),
};
type Terms = { readonly [K in keyof typeof terms]?: any };

const fact = factsOf<Contract, Programme>();

const withTerms = (
  c: Contract,
  { value, covers = 'unknown', vat = 'unknown', termMonths, startsOn, endsOn, options, breaks, noticeDays }: Terms,
) => ({
  ...c,
  original: value,
  ceiling: value,
  covers,
  vat,
  term: { ...(termMonths && { months: termMonths }), ...(startsOn && { startsOn }), ...(endsOn && { endsOn }) },
  options: (options ?? []).map((o: Contract['options'][number]) => ({ ...o, status: o.status ?? 'open' })),
  breaks: breaks ?? [],
  ...(noticeDays !== undefined && { noticeDays }),
});
/** The ceiling after a change, when it can be known. */
const raised = ({ ceiling }: Contract, to?: Amount, by?: Amount): Amount | undefined =>
  to ?? (by && isAmount(ceiling) && by.currency === ceiling.currency ? add(ceiling, by) : undefined);
const dated = (c: Contract, what: string, on: string) => ({ dates: { ...c.dates, [what]: on } });

export const contract = subject({
  category: 'contract',
  initial: none,
  events: {
    ContractRecorded: fact({
      from: ['none'],
      fields: {
        programme: ref('programme'),
        title,
        stage: choice(['signed', 'live', 'exiting', 'closed'], 'Where it stands in its life, as told'),
        role: choice(['tower', 'incumbent', 'outside'], 'Its part in the towers'),
        towers: optional(towers),
        replaces: optional(ref('contract', 'The contract it replaces')),
        supplier,
        regime: optional(regime),
        ...terms,
        awardedOn: optional(date('Day of the award')),
        signedOn: optional(date('Day of the signature')),
        historyCompleteFrom: optional(date('From this day on its history is complete here')),
      },
      evolve: (c, data, { effectiveOn }) => ({
        ...withTerms(c, data),
        stage: data.stage,
        programme: data.programme,
        title: data.title,
        role: data.role,
        towers: data.towers ?? [],
        supplier: data.supplier,
        dates: {
          recordedAs: effectiveOn,
          ...(data.awardedOn && { awarded: data.awardedOn }),
          ...(data.signedOn && { signed: data.signedOn }),
        },
        ...(data.replaces && { replaces: data.replaces }),
        ...(data.regime && { regime: data.regime }),
        ...(data.historyCompleteFrom && { historyCompleteFrom: data.historyCompleteFrom }),
      }),
    }),
    ContractPlanned: fact({
      from: ['none'],
      fields: {
        programme: ref('programme'),
        title,
        towers: optional(towers),
        replaces: optional(ref('contract', 'The contract it replaces')),
      },
      evolve: (c, { programme, title, towers = [], replaces }, { effectiveOn }) => ({
        ...c,
        stage: 'planned',
        programme,
        title,
        towers,
        ...(replaces && { replaces }),
        ...dated(c, 'planned', effectiveOn),
      }),
    }),
    TenderOpened: fact({
      from: ['planned'],
      fields: {
        regime: optional(regime),
        procedure: optional(text('Procedure', { max: 100, example: 'restricted' })),
        closesOn: optional(date('Last day for tenders')),
      },
      evolve: (c, { regime, procedure }, { effectiveOn }) => ({
        ...c,
        stage: 'tendering',
        ...(regime && { regime }),
        ...(procedure && { procedure }),
        ...dated(c, 'tendered', effectiveOn),
      }),
    }),
    ContractAwarded: fact({
      from: ['none', 'planned', 'tendering'],
      fields: {
        programme: optional(ref('programme', 'Needed when the contract was not planned here')),
        title: optional(title),
        towers: optional(towers),
        supplier,
        regime: optional(regime),
        replaces: optional(ref('contract', 'The contract it replaces')),
        ...terms,
      },
      evolve: (c, data, { effectiveOn }) => ({
        ...withTerms(c, data),
        stage: 'awarded',
        supplier: data.supplier,
        towers: data.towers ?? c.towers,
        title: data.title ?? c.title,
        role: (data.towers ?? c.towers).length > 0 ? 'tower' : 'outside',
        ...((data.programme ?? c.programme) && { programme: data.programme ?? c.programme! }),
        ...(data.regime && { regime: data.regime }),
        ...(data.replaces && { replaces: data.replaces }),
        ...dated(c, 'awarded', effectiveOn),
      }),
    }),
    ContractSigned: fact({
      from: ['awarded'],
      fields: { startsOn: optional(date('First day of the term')), endsOn: optional(date('Last day of the term')) },
      evolve: (c, { startsOn, endsOn }, { effectiveOn }) => ({
        ...c,
        stage: 'signed',
        term: { ...c.term, ...(startsOn && { startsOn }), ...(endsOn && { endsOn }) },
        ...dated(c, 'signed', effectiveOn),
      }),
    }),
    ServiceStarted: fact({
      from: ['awarded', 'signed'],
      fields: {},
      evolve: (c, _, { effectiveOn }) => ({
        ...c,
        stage: 'live',
        term: { ...c.term, startsOn: c.term.startsOn ?? effectiveOn },
        ...dated(c, 'started', effectiveOn),
      }),
      assess: (_, { effectiveOn }, { stage }, programme) =>
        checked(programme, 'signed-before-service', effectiveOn, { stage }, stage === 'signed' ? 'met' : 'not-met'),
    }),
    ValueDisclosed: fact({
      from: [...afterAward, 'closed'],
      fields: { value: amount('The value that was undisclosed until now'), covers: optional(covers), vat: optional(vat) },
      evolve: (c, { value, covers, vat }) => ({
        ...c,
        original: value,
        ceiling: isAmount(c.ceiling) ? c.ceiling : value,
        ...(covers && { covers }),
        ...(vat && { vat }),
      }),
    }),
    ChangeApproved: fact({
      from: ['awarded', 'signed', 'live', 'notice-given'],
      fields: {
        kind: choice(['value', 'term', 'scope'], 'What changes'),
        summary: optional(text('What the change is, in our own words', { max: 1000 })),
        to: optional(amount('The new ceiling')),
        by: optional(amount('What the change adds, where only the step is told')),
        statedFrom: optional(amount('The value before, where the source gives another than the ledger')),
        endsOn: optional(date('The new last day of the term')),
        ground: optional(text('The ground in law or contract that is cited', { max: 300, example: 'PCR 2015 reg. 72(1)(b)' })),
        unforeseen: optional(flag('Whether the need was unforeseen')),
      },
      evolve: (c, { kind, to, by, statedFrom, endsOn, ground }, { event, effectiveOn, authority }) => ({
        ...c,
        ceiling: raised(c, to, by) ?? c.ceiling,
        term: { ...c.term, ...(endsOn && { endsOn }) },
        changes: [
          ...c.changes,
          {
            event,
            kind,
            on: effectiveOn,
            from: c.ceiling,
            ...(raised(c, to, by) && { to: raised(c, to, by)! }),
            ...(by && { by }),
            ...(ground && { ground }),
            ...(statedFrom && { statedFrom }),
            ...(endsOn && { endsOn }),
            ...(authority && { reference: authority.reference }),
          },
        ],
      }),
      assess: ({ to, by, endsOn: newEndsOn, unforeseen }, told, c, programme) => {
        const value = to || by ? (raised(c, to, by) ?? { unknown: true as const }) : undefined;
        const change = { original: c.original, current: c.ceiling, to: value, endsOn: c.term.endsOn, newEndsOn, unforeseen };
        return value || newEndsOn ? approvalOf(programme, change, told) : [];
      },
    }),
    DelayRecorded: fact({
      from: ['awarded', 'signed', 'live', 'notice-given', 'exiting'],
      fields: {
        milestone: text('What is late', { example: 'Go-live' }),
        from: optional(date('When it was due')),
        to: date('When it is expected now; unknown when nobody says'),
        cause: optional(text('Why', { max: 1000 })),
      },
      evolve: (c, { milestone, from, to, cause }, { event }) => ({
        ...c,
        delays: [...c.delays, { milestone, to, event, ...(from && { from }), ...(cause && { cause }) }],
      }),
    }),
    TerminationNoticeGiven: fact({
      from: ['signed', 'live'],
      fields: { by: choice(['authority', 'supplier'], 'Who gives notice'), takesEffectOn: optional(date('Day the contract is to end')) },
      evolve: (c, { by, takesEffectOn }, { effectiveOn }) => ({
        ...c,
        stage: 'notice-given',
        notice: { by, was: c.stage, ...(takesEffectOn && { takesEffectOn }) },
        ...dated(c, 'noticeGiven', effectiveOn),
      }),
      assess: ({ takesEffectOn }, { effectiveOn }, { noticeDays }, programme) =>
        noticeDays === undefined
          ? []
          : checked(
              programme,
              'contractual-notice',
              effectiveOn,
              { noticeDays, takesEffectOn: takesEffectOn ?? null },
              !takesEffectOn || !isDay(effectiveOn)
                ? 'not-assessable'
                : certainlyBefore(takesEffectOn, addDays(effectiveOn, noticeDays))
                  ? 'not-met'
                  : 'met',
            ),
    }),
    TerminationNoticeWithdrawn: fact({
      from: ['notice-given'],
      fields: {},
      evolve: ({ notice, ...c }) => ({ ...c, stage: notice!.was }),
    }),
    ContractTerminated: fact({
      from: ['signed', 'live', 'notice-given'],
      fields: {
        ground: text('The ground: breach, convenience, insolvency …', { max: 300, example: 'Failure to deliver' }),
        causedBy: optional(ref('contract', 'The contract whose end makes this necessary')),
        partial: optional(flag('Only a part of the services ends: the contract stays live')),
        endsOn: optional(date('Last day of the services')),
      },
      evolve: (c, { ground, causedBy, partial = false, endsOn }, { effectiveOn }) => ({
        ...c,
        stage: partial ? 'live' : 'exiting',
        term: { ...c.term, ...(endsOn && { endsOn }) },
        termination: { ground, partial, on: effectiveOn, ...(causedBy && { causedBy }) },
        ...dated(c, 'terminated', effectiveOn),
      }),
    }),
    ContractClosed: fact({
      from: ['exiting'],
      fields: { finalValue: value('What it came to in the end'), endedOn: date('Last day of the contract') },
      evolve: (c, { finalValue, endedOn }, { effectiveOn }) => ({
        ...c,
        stage: 'closed',
        finalValue,
        term: { ...c.term, endsOn: endedOn },
        ...dated(c, 'closed', effectiveOn),
      }),
    }),
  },
  invariants: {
    'contract/ends-before-start': {
      says: 'A contract cannot end before it starts.',
      holds: ({ term: { startsOn, endsOn } }) => !startsOn || !endsOn || !certainlyBefore(endsOn, startsOn),
    },
    'contract/mixed-currencies': {
      says: 'A contract has one currency: its ceiling and its original value must share it.',
      holds: ({ original, ceiling }) => !isAmount(original) || !isAmount(ceiling) || original.currency === ceiling.currency,
    },
    'contract/no-programme': {
      says: 'A contract belongs to a programme, named when its stream opens.',
      holds: ({ programme }) => programme !== undefined,
    },
  },
  about: (id, { programme, towers, supplier }) => ({
    contract: [id],
    ...(towers.length && { tower: towers }),
    ...(programme && { programme }),
    ...(supplier && { supplier: [supplier] }),
  }),
  home: { subject: programme, of: (c) => c.programme },
  completeFrom: (c) => c.historyCompleteFrom,
});
