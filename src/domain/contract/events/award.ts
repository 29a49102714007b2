import {
  amount,
  before,
  choice,
  count,
  date,
  id,
  list,
  object,
  optional,
  ref,
  sharedReferences,
  signedValue,
  text,
  uri,
  type DataOf,
  type Occurrence,
} from '../../../kernel/index.js';
import { REGIMES } from '../../law/index.js';
import { particulars, procured, withParticulars } from '../particulars.js';
import { composed, composedRules, plannedRules, withComposed } from '../framework.js';
import { afterAward, dated, endsAfterStart, event, MOST_MONTHS, STAGES, type Contract, type Stage, type Supply } from '../state.js';
import { assessStanding } from '../standing.js';
import { suppliersField, suppliersRules } from '../suppliers.js';

const regime = choice(REGIMES, 'The law it was procured under');
const title = text('Title of the contract', { example: 'Hosting' });
const towers = list(ref('tower'), 'The towers it serves; none when it stands outside them', { max: 20 });
export const covers = choice(['initial-term', 'with-options', 'unknown'], 'What the value covers');
export const vat = choice(['ex', 'inc', 'unknown'], 'Whether the value includes VAT');
const months = count('Months', { min: 1, max: MOST_MONTHS, example: 72 });
const options = list(
  object({
    option: id('The option', { example: 'year-7' }),
    months,
    noticeMonths: optional(count('Months of notice before the end', { max: 120 })),
    value: optional(amount('What exercising it adds, where the value does not cover it')),
    status: optional(choice(['open', 'exercised', 'lapsed'])),
  }),
  'Options to extend, in order',
  { max: 20 },
);
const breaks = list(object({ afterMonths: months }), 'Break points', { max: 20 });
const noticeDays = count('Calendar days of notice to end the contract', { max: 3660, example: 180 });
const terms = {
  value: signedValue('The approved value: an amount, below zero where the supplier pays, or why there is none'),
  covers: optional(covers),
  vat: optional(vat),
  termMonths: optional(months),
  startsOn: optional(date('First day of the term')),
  endsOn: optional(date('Last day of the term')),
  options: optional(options),
  breaks: optional(breaks),
  noticeDays: optional(noticeDays),
};
type Terms = DataOf<typeof terms>;

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
  options: (options ?? []).map((option) => ({ ...option, status: option.status ?? 'open' })),
  breaks: breaks ?? [],
  ...(noticeDays !== undefined && { noticeDays }),
});

type Awarding = Occurrence<DataOf<typeof composed> & { readonly suppliers: readonly Supply[] }>;
const awardedRules = suppliersRules<Awarding>(
  ({ data }, c) => ({ suppliers: data.suppliers, newcomers: data.suppliers, lots: withComposed(c, data).lots }),
  { supplier: '/suppliers', lot: '/suppliers', role: '/suppliers', share: '/suppliers' },
);
/** The first shape had one supplier. */
const oneSupplier = {
  version: 2,
  upcast: { 1: ({ supplier, ...data }: { readonly supplier: string }) => ({ ...data, suppliers: [{ supplier }] }) },
  moved: { 1: { '/supplier': '/suppliers/0/supplier' } },
} as const;

/**
 * The stage on a day before that of its record, as far as its days are certain; never a later one than recorded. Its service began with the
 * first day of its term, or before, where that is recorded of itself.
 */
const stageOn = (
  day: string,
  { stage, awardedOn, signedOn, startsOn }: { readonly stage: Stage; readonly awardedOn?: string; readonly signedOn?: string; readonly startsOn?: string }, // prettier-ignore
  startedOn?: string,
): Stage => {
  const isPast = (on: string | undefined): boolean => on !== undefined && before(day, on) === 'no';
  const then: Stage = isPast(startsOn) || isPast(startedOn) ? 'live' : isPast(signedOn) ? 'signed' : isPast(awardedOn) ? 'awarded' : 'none';
  return STAGES.indexOf(then) < STAGES.indexOf(stage) ? then : stage;
};

/** How a contract comes to be. */
export const awarding = {
  ContractRecorded: event({
    allowedIn: ['none'],
    bringsIn: true,
    ...oneSupplier,
    fields: {
      programme: ref('programme'),
      title,
      stage: choice(['signed', 'live', 'exiting', 'closed'], 'Where it stands in its life'),
      role: choice(['tower', 'incumbent', 'outside'], 'Its part in the towers'),
      towers: optional(towers),
      replaces: optional(ref('contract', 'The contract it replaces')),
      suppliers: suppliersField,
      ...composed,
      regime: optional(regime),
      ...terms,
      ...particulars,
      ...procured,
      awardedOn: optional(date('Day of the award')),
      signedOn: optional(date('Day of the signature')),
      historyCompleteFrom: optional(date('From this day on its history is complete here')),
    },
    rules: {
      'contract/tower-without-tower': {
        says: 'A contract of a tower names the tower.',
        field: '/towers',
        holds: ({ data: { role, towers = [] } }) => role !== 'tower' || towers.length > 0,
      },
      ...composedRules,
      ...awardedRules,
      ...endsAfterStart('/endsOn', ({ endsOn }: Terms) => endsOn),
    },
    evolve: (c, data, { effectiveOn, asOf }) => ({
      ...withTerms(c, data),
      ...withParticulars(c, data),
      stage: asOf === undefined ? data.stage : stageOn(asOf, data, c.dates['started']),
      ...(asOf !== undefined && { recordedLater: effectiveOn }),
      programme: data.programme,
      title: data.title,
      role: data.role,
      towers: data.towers ?? [],
      suppliers: data.suppliers,
      ...withComposed(c, data),
      dates: {
        ...c.dates,
        recordedAs: effectiveOn,
        ...(data.awardedOn && { awarded: data.awardedOn }),
        ...(data.signedOn && { signed: data.signedOn }),
      },
      ...(data.replaces && { replaces: data.replaces }),
      ...(data.regime && { regime: data.regime }),
      ...(data.historyCompleteFrom && { historyCompleteFrom: data.historyCompleteFrom }),
    }),
  }),
  ContractPlanned: event({
    allowedIn: ['none'],
    fields: {
      programme: ref('programme'),
      title,
      towers: optional(towers),
      replaces: optional(ref('contract', 'The contract it replaces')),
      ...composed,
      ...particulars,
    },
    rules: composedRules,
    evolve: (c, { programme, title, towers = [], replaces, ...rest }, { effectiveOn }) => ({
      ...c,
      ...withParticulars(c, rest),
      ...withComposed(c, rest),
      stage: 'planned',
      programme,
      title,
      towers,
      ...(replaces && { replaces }),
      ...dated(c, 'planned', effectiveOn),
    }),
  }),
  TenderOpened: event({
    allowedIn: ['planned'],
    fields: {
      regime: optional(regime),
      procedure: optional(text('Procedure', { max: 100, example: 'restricted' })),
      closesOn: optional(date('Last day for tenders')),
    },
    evolve: (c, { regime, procedure, closesOn }, { effectiveOn }) => ({
      ...c,
      stage: 'tendering',
      ...(regime && { regime }),
      ...(procedure && { procedure }),
      dates: { ...c.dates, tendered: effectiveOn, ...(closesOn && { tendersClose: closesOn }) },
    }),
  }),
  ContractAwarded: event({
    allowedIn: ['none', 'planned', 'tendering'],
    ...oneSupplier,
    fields: {
      programme: optional(ref('programme', 'Needed when the contract was not planned here')),
      title: optional(title),
      towers: optional(towers),
      suppliers: suppliersField,
      ...composed,
      regime: optional(regime),
      replaces: optional(ref('contract', 'The contract it replaces')),
      ...terms,
      ...particulars,
      ...procured,
    },
    rules: {
      'contract/no-programme': {
        says: 'A contract belongs to a programme, named when its stream opens.',
        field: '/programme',
        holds: ({ data }, { programme }) => (data.programme ?? programme) !== undefined,
      },
      'contract/another-programme': {
        says: 'A contract stays in the programme that planned it.',
        field: '/programme',
        detail: (_, { programme }) => `It was planned in ${programme}.`,
        holds: ({ data }, { programme }) => !data.programme || !programme || data.programme === programme,
      },
      ...plannedRules,
      ...composedRules,
      ...awardedRules,
      ...endsAfterStart('/endsOn', ({ endsOn }: Terms) => endsOn),
    },
    evolve: (c, data, { effectiveOn }) => ({
      ...withTerms(c, data),
      ...withParticulars(c, data),
      stage: c.dates['started'] ? 'live' : 'awarded',
      suppliers: data.suppliers,
      ...withComposed(c, data),
      towers: data.towers ?? c.towers,
      title: data.title ?? c.title,
      role: (data.towers ?? c.towers).length > 0 ? 'tower' : 'outside',
      ...((data.programme ?? c.programme) && { programme: data.programme ?? c.programme! }),
      ...(data.regime && { regime: data.regime }),
      ...(data.replaces && { replaces: data.replaces }),
      ...dated(c, 'awarded', effectiveOn),
    }),
    assess: ({ suppliers }, context, _, programme, taken) =>
      assessStanding(
        suppliers.map(({ supplier }) => supplier),
        context,
        programme,
        taken,
      ),
  }),
  AwardNoticePublished: event({
    allowedIn: afterAward,
    fields: {
      reference: text('Number of the notice', { example: '2016/S 045-075423' }),
      uri: optional(uri('Where it is published')),
      standstillEndsOn: optional(date('Last day of the standstill')),
      references: sharedReferences,
    },
    evolve: (c, data, { effectiveOn }) => ({ ...c, notices: [...c.notices, { ...data, on: effectiveOn }] }),
  }),
};
