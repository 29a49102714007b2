import {
  addDays,
  certainlyBefore,
  daysOf,
  endOfTerm,
  moveDays,
  moveEnd,
  newestOf,
  projection,
  showAmount,
  source,
  type Key,
  type Lookup,
} from '../src/kernel/index.js';
import { account, unpaid } from '../src/domain/account/index.js';
import {
  contract,
  dueNotices,
  endBasisOf,
  firstDayOf,
  idsOf,
  isRunning,
  lastDayOf,
  lastDayToExercise,
  openOptions,
  ownerOf,
  standstillEndOf,
  suppliersOf,
  type Contract,
} from '../src/domain/contract/index.js';
import { programme, type Programme } from '../src/domain/programme/index.js';
import { supplier, type Supplier } from '../src/domain/supplier/index.js';
import { liabilityOf, progressOf, workforce, type Plan, type Workforce } from '../src/domain/workforce/index.js';
import { isWith, sumsWithSuppliers } from './promised.js';

/** What has to be done, or ends by itself, by a day. */
export interface Deadline {
  readonly kind: string;
  readonly programme: string | null;
  readonly contract: string | null;
  /** The newest of the contract. */
  readonly suppliers: readonly { readonly supplier: string }[];
  /** Who answers for the contract: a person id. */
  readonly owner: string | null;
  /** What it is about, in the words of the record. */
  readonly title: string;
  /** What is due, as a sentence that stands alone in a calendar. */
  readonly what: string;
  /** A date of any precision; null where no day is known. */
  readonly due: string | null;
  /** The first day on which it may be due: reminders count back from it. Null where that day is open. */
  readonly earliest: string | null;
  /** The last day on which it may be due: it is overdue after it. Null where that day is open. */
  readonly latest: string | null;
}
interface Duty<Kind extends string = string> {
  readonly key: Key<Kind>;
  readonly what: string;
  readonly due: string | undefined;
}
type About = Pick<Deadline, 'programme' | 'contract' | 'suppliers' | 'owner' | 'title'>;

const dated = (due: string | undefined): Pick<Deadline, 'due' | 'earliest' | 'latest'> => {
  if (due === undefined) return { due: null, earliest: null, latest: null };
  return { due, ...daysOf(due) };
};
const placed = <Kind extends string>(duties: readonly Duty<Kind>[]) => duties.map(({ key }) => ({ key, row: true }));
const shown = (duties: readonly Duty[], about: About): Readonly<Record<string, Deadline>> =>
  Object.fromEntries(duties.map(({ key, what, due }) => [key, { kind: key.slice(0, key.indexOf(':')), ...about, what, ...dated(due) }]));

const named = (id: string, { title }: Contract): string => title || id;
/** A day that is only counted from the start of the service says so. */
const counted = (isCounted: boolean): string => (isCounted ? ', counted from the start of its service' : '');
const end = (id: string, c: Contract): readonly Duty<'end'>[] =>
  isRunning(c) ? [{ key: `end:${id}`, what: `${named(id, c)} ends${counted(endBasisOf(c) === 'service-start')}`, due: lastDayOf(c) }] : [];
const options = (id: string, c: Contract): readonly Duty<'option'>[] =>
  openOptions(c).map((offered) => ({
    key: `option:${id}/${offered.option}`,
    what: `Last day to exercise ${offered.option} of ${named(id, c)}, ${offered.months} months${counted(endBasisOf(c) === 'service-start')}`,
    due: lastDayToExercise(offered, c),
  }));
/** Only the award waits for it. */
const standstill = (id: string, c: Contract): readonly Duty<'standstill'>[] => {
  const due = c.stage === 'awarded' ? standstillEndOf(c) : undefined;
  return due === undefined ? [] : [{ key: `standstill:${id}`, what: `The standstill of ${named(id, c)} ends`, due }];
};
/** Notices that the law asks for, until they are published. */
const notices = (id: string, c: Contract): readonly Duty<'notice'>[] =>
  dueNotices(c).map(({ notice, name, article, perhaps, due }) => ({
    key: `notice:${id}/${notice}`,
    what: `${name} ${named(id, c)} is ${perhaps ? 'perhaps ' : ''}to be published (${article})`,
    due,
  }));
const tender = (id: string, c: Contract): readonly Duty<'tender'>[] =>
  c.stage === 'tendering' && c.dates['tendersClose'] !== undefined
    ? [{ key: `tender:${id}`, what: `Last day for tenders of ${named(id, c)}`, due: c.dates['tendersClose'] }]
    : [];
/** Of lots with a term of their own that ends on another day than the contract; a notice or a termination ends them with it. */
const lots = (id: string, c: Contract): readonly Duty<'lot'>[] => {
  const last = lastDayOf(c);
  const ended = c.stage === 'exiting' || c.notice?.takesEffectOn !== undefined ? last : undefined;
  return (isRunning(c) ? c.lots : []).flatMap(({ lot, title, term: { startsOn, endsOn, months } = {} }) => {
    const due = endsOn ?? (startsOn !== undefined && startsOn !== 'unknown' && months ? endOfTerm(startsOn, months) : undefined);
    return due === undefined || due === last || (ended && certainlyBefore(ended, due)) ? [] : [{ key: `lot:${id}/${lot}`, what: `The lot ${title} of ${named(id, c)} ends`, due }]; // prettier-ignore
  });
};
const extension = (id: string, c: Contract): readonly Duty<'extension'>[] =>
  isRunning(c) && c.extensionSought
    ? [
        {
          key: `extension:${id}`,
          what: `The extension of ${named(id, c)} that is sought needs a decision${counted(endBasisOf(c) === 'service-start')}`,
          due: lastDayOf(c),
        },
      ]
    : [];

/** Until it was reached, whatever its baseline. */
const milestones = (id: string, c: Contract): readonly Duty<'milestone'>[] =>
  (isRunning(c) ? (c.milestones ?? []) : [])
    .filter(({ status }) => status !== 'reached')
    .map(({ milestone, title, forecast }) => ({
      key: `milestone:${id}/${milestone}`,
      what: `Milestone of ${named(id, c)}: ${title}`,
      due: forecast,
    }));
/** The end of the first period that was not assessed: the periods follow one another from the first day on, or from the last assessment. */
const kpis = (id: string, c: Contract): readonly Duty<'kpi'>[] =>
  (isRunning(c) ? (c.kpis ?? []) : []).flatMap(({ kpi, title, every, from = firstDayOf(c)?.on, last }) => {
    if (every === undefined) return [];
    const due = last ? moveEnd(last.to, every) : from === undefined ? undefined : endOfTerm(from, every);
    return [{ key: `kpi:${id}/${kpi}` as const, what: `${title} of ${named(id, c)} is to be assessed`, due }];
  });
const proposals = (id: string, c: Contract): readonly Duty<'proposal'>[] =>
  (isRunning(c) ? (c.proposals ?? []) : [])
    .filter(({ status, decideBy }) => status === 'open' && decideBy !== undefined)
    .map(({ proposal, decideBy }) => ({
      key: `proposal:${id}/${proposal}`,
      what: `The change ${proposal} of ${named(id, c)} needs a decision`,
      due: decideBy,
    }));
/** A value that is withheld until a day is to be disclosed then. */
const withheld = (id: string, c: Contract): readonly Duty<'withheld'>[] =>
  'withheld' in c.original && c.stage !== 'cancelled'
    ? [{ key: `withheld:${id}`, what: `The value of ${named(id, c)} is withheld until then`, due: c.original.withheld.until }]
    : [];
/** The last day on which notice can be given for a break: as many days before it as the contract asks for. */
const breaks = (id: string, c: Contract): readonly Duty<'break'>[] => {
  if (!isRunning(c) || c.stage === 'notice-given' || c.stage === 'exiting') return [];
  const first = firstDayOf(c);
  return c.breaks
    .filter(({ afterMonths }) => !c.breaksDecided?.some((decided) => decided.afterMonths === afterMonths))
    .map(({ afterMonths }) => ({
      key: `break:${id}/${afterMonths}`,
      what: `Last day to give notice for the break of ${named(id, c)} after ${afterMonths} months${counted(first?.of === 'service')}`,
      due: first && moveDays(endOfTerm(first.on, afterMonths), -(c.noticeDays ?? 0)),
    }));
};

/** A contract whose end the termination of this one makes necessary, until it was terminated itself. */
const forcedEnds = (id: string, c: Contract): readonly Duty<'forced-end'>[] => {
  const forced = c.terminations.flatMap(({ forces = [], on }) => forces.map(({ contract, endsOn = on }) => [contract, endsOn] as const));
  return [...new Map(forced)].map(([contract, due]) => ({
    key: `forced-end:${id}/${contract}`,
    what: `${contract} is to be terminated, as the termination of ${named(id, c)} makes necessary`,
    due,
  }));
};
/** Contracts that were terminated or ended otherwise: no duty to terminate them is left. */
const ended = source(contract, 'ended', {
  place: (id, c) => (ENDED.includes(c.stage) ? [{ key: `ended:${id}` }] : []),
  show: ({ id, state: c }) => (ENDED.includes(c.stage) ? { [`ended:${id}`]: true } : {}),
  shownByLinking: true,
});
const ENDED: readonly string[] = ['exiting', 'closed', 'cancelled'];
const forcedOf = (id: string): string => id.slice(id.indexOf('/') + 1);

const suppliersShown = (c: Contract): Deadline['suppliers'] => newestOf(idsOf(suppliersOf(c))).map((supplier) => ({ supplier }));

/** Deadlines of one kind that contracts have. */
const ofContracts = <const Kind extends string>(
  kind: Kind,
  duties: (id: string, c: Contract) => readonly Duty<Kind>[],
  links?: (key: string) => readonly string[],
) =>
  source(contract, kind, {
    place: (id, state, day) =>
      placed(duties(id, state)).map((at) => ({
        ...at,
        ...(links && { links: links(at.key) }),
        sums: sumsWithSuppliers(at.key, state, day),
      })),
    show: ({ id, state }) =>
      shown(duties(id, state), {
        programme: state.programme ?? null,
        contract: id,
        suppliers: suppliersShown(state),
        owner: ownerOf(state)?.owner ?? null,
        title: named(id, state),
      }),
  });

/** Invoices, until nothing of them is left to pay. The contract, of which the account knows the id alone, gives the rest of the row. */
const invoices = source(account, 'invoice', {
  place: (id, a) => unpaid(a).map(({ invoice }) => ({ key: `invoice:${id}/${invoice}`, row: true, links: [`contract:${id}`] })),
  show: ({ id, state: a }) =>
    Object.fromEntries(
      unpaid(a).map(({ invoice, dueOn, outstanding }) => [
        `invoice:${id}/${invoice}`,
        { contract: id, programme: a.programme ?? null, invoice, dueOn, left: showAmount(outstanding) },
      ]),
    ),
});
const contracts = source(contract, 'contract', {
  place: (id, { stage }) => (stage === 'none' ? [] : [{ key: `contract:${id}` }]),
  shownByLinking: true,
  show: ({ id, state: c }) => ({
    [`contract:${id}`]: { title: named(id, c), suppliers: suppliersShown(c), owner: ownerOf(c)?.owner ?? null },
  }),
});
const invoiceDue = (id: string, lookup: Lookup): Deadline | undefined => {
  const due = lookup.get(invoices, id);
  if (!due) return undefined;
  const { contract, programme, invoice, dueOn, left } = due;
  const { title, suppliers, owner } = lookup.get(contracts, contract) ?? { title: contract, suppliers: [], owner: null };
  const what = `Invoice ${invoice} of ${title} is to be paid: ${left}`;
  return { kind: 'invoice', programme, contract, suppliers, owner, title, what, ...dated(dueOn) };
};

/** The strategy that was published last has taken the place of the others. */
const reviews = (id: string, { strategies }: Programme): readonly Duty<'review'>[] =>
  strategies
    .slice(-1)
    .filter(({ reviewDue }) => reviewDue !== undefined)
    .map(({ strategy, title, reviewDue }) => ({ key: `review:${id}/${strategy}`, what: `${title} is to be reviewed`, due: reviewDue }));
/** Of risks that are open, by their last assessment. */
const riskReviews = (id: string, { risks }: Programme): readonly Duty<'risk-review'>[] =>
  risks
    .filter(({ closed, reviewDue }) => !closed && reviewDue !== undefined)
    .map(({ risk, summary, reviewDue }) => ({ key: `risk-review:${id}/${risk}`, what: `Risk to be reviewed: ${summary}`, due: reviewDue }));
/** The version of each policy that was adopted last has taken the place of the others. */
const lastPolicies = ({ policies }: Programme): readonly Programme['policies'][number][] => [
  ...new Map(policies.map((adopted) => [adopted.policy, adopted])).values(),
];
const policyReviews = (id: string, p: Programme): readonly Duty<'policy-review'>[] =>
  lastPolicies(p)
    .filter(({ reviewDue }) => reviewDue !== undefined)
    .map(({ policy, title, version, reviewDue }) => ({
      key: `policy-review:${id}/${policy}`,
      what: `${title}, version ${version}, is to be reviewed`,
      due: reviewDue,
    }));
const policyEnds = (id: string, p: Programme): readonly Duty<'policy-end'>[] =>
  lastPolicies(p)
    .filter(({ inForceUntil }) => inForceUntil !== undefined)
    .map(({ policy, title, version, inForceUntil }) => ({
      key: `policy-end:${id}/${policy}`,
      what: `${title}, version ${version}, is in force until then`,
      due: inForceUntil,
    }));
const savings = (id: string, { savingsTargets }: Programme): readonly Duty<'saving'>[] =>
  savingsTargets
    .filter(({ by }) => by !== undefined)
    .map(({ target, title, by }) => ({ key: `saving:${id}/${target}`, what: `Savings target: ${title}`, due: by }));
const headcounts = (id: string, { headcountTargets }: Programme): readonly Duty<'headcount'>[] =>
  headcountTargets
    .filter(({ by }) => by !== undefined)
    .map(({ target, title, by }) => ({ key: `headcount:${id}/${target}`, what: `Headcount target: ${title}`, due: by }));
const ofProgrammes = <const Kind extends string>(kind: Kind, duties: (id: string, p: Programme) => readonly Duty<Kind>[]) =>
  source(programme, kind, {
    place: (id, state) => placed(duties(id, state)),
    show: ({ id, state }) => shown(duties(id, state), { programme: id, contract: null, suppliers: [], owner: null, title: state.title }),
  });

const openPlans = (w: Workforce): readonly Plan[] =>
  w.plans.filter((plan) => {
    const { status } = progressOf(w, plan);
    return status !== 'done' && status !== 'cancelled';
  });
const transfers = (id: string, w: Workforce): readonly Duty<'transfer'>[] =>
  openPlans(w).map(({ plan, from, to, expectedOn }) => ({
    key: `transfer:${id}/${plan}`,
    what: `Transfer ${plan} from ${from.employer} to ${to.employer}`,
    due: expectedOn,
  }));
/** Until it was delivered. */
const information = (id: string, w: Workforce): readonly Duty<'liability-information'>[] =>
  openPlans(w).flatMap((plan) => {
    const { due, result } = liabilityOf(plan, plan.basis, plan.expectedOn);
    if (!due || result !== 'not-recorded') return [];
    const on = due.earliest === due.latest ? due.latest : `[${due.earliest}..${due.latest}]`;
    const key = `liability-information:${id}/${plan.plan}` as const;
    return [{ key, what: `Liability information for transfer ${plan.plan} is due from ${plan.from.employer}`, due: on }];
  });
const ofWorkforces = <const Kind extends string>(kind: Kind, duties: (id: string, w: Workforce) => readonly Duty<Kind>[]) =>
  source(workforce, kind, {
    place: (id, state) => placed(duties(id, state)),
    show: ({ id, state }) =>
      shown(duties(id, state), { programme: id, contract: null, suppliers: [], owner: null, title: `Staff of ${id}` }),
  });

/** A suspension that has a last day: of no programme, since a supplier is of none. */
const suspensions = (id: string, { suspended, title }: Supplier): readonly Duty<'suspension'>[] =>
  suspended?.until === undefined ? [] : [{ key: `suspension:${id}`, what: `The suspension of ${title || id} ends`, due: suspended.until }];
const ofSuppliers = source(supplier, 'suspension', {
  place: (id, state) => placed(suspensions(id, state)),
  show: ({ id, state }) =>
    shown(suspensions(id, state), {
      programme: null,
      contract: null,
      suppliers: [{ supplier: id }],
      owner: null,
      title: state.title || id,
    }),
});

const from = {
  end: ofContracts('end', end),
  option: ofContracts('option', options),
  standstill: ofContracts('standstill', standstill),
  notice: ofContracts('notice', notices),
  tender: ofContracts('tender', tender),
  lot: ofContracts('lot', lots),
  extension: ofContracts('extension', extension),
  milestone: ofContracts('milestone', milestones),
  kpi: ofContracts('kpi', kpis),
  proposal: ofContracts('proposal', proposals),
  withheld: ofContracts('withheld', withheld),
  break: ofContracts('break', breaks),
  'forced-end': ofContracts('forced-end', forcedEnds, (key) => [`ended:${forcedOf(key)}`]),
  review: ofProgrammes('review', reviews),
  'risk-review': ofProgrammes('risk-review', riskReviews),
  'policy-review': ofProgrammes('policy-review', policyReviews),
  'policy-end': ofProgrammes('policy-end', policyEnds),
  saving: ofProgrammes('saving', savings),
  headcount: ofProgrammes('headcount', headcounts),
  transfer: ofWorkforces('transfer', transfers),
  'liability-information': ofWorkforces('liability-information', information),
  suspension: ofSuppliers,
};

/**
 * One row for each duty, whatever the day: reminders are filters. A row goes when its duty is done, or stands no more. An uncertain day is
 * near from its earliest day on, and overdue after its latest.
 */
export const deadlines = projection({
  name: 'deadlines',
  version: 10,
  question: 'What ends, and what has to be done, by which day?',
  byDay: true,
  from: [...Object.values(from), ended, invoices, contracts],
  rows: {
    ...(Object.fromEntries(Object.entries(from).map(([kind, of]) => [kind, (id: string, lookup: Lookup) => lookup.get(of, id)])) as {
      readonly [K in keyof typeof from]: (id: string, lookup: Lookup) => Deadline | undefined;
    }),
    'forced-end': (id, lookup): Deadline | undefined => (lookup.get(ended, forcedOf(id)) ? undefined : lookup.get(from['forced-end'], id)),
    invoice: invoiceDue,
  },
  filters: {
    kind: (row) => row.kind,
    programme: (row) => row.programme,
    contract: (row) => row.contract,
    supplier: (row, chosen) => isWith(row.suppliers, chosen),
    owner: (row) => row.owner,
    dueFrom: ({ latest = null }, { value }) => latest !== null && latest >= value,
    within: ({ earliest = null }, { value, lookup }) =>
      earliest !== null && /^\d{1,4}$/.test(value) && earliest <= addDays(lookup.day, Number(value)),
    dueBy: ({ earliest = null }, { value }) => earliest !== null && earliest <= value,
    overdueOn: ({ latest = null }, { value }) => latest !== null && latest < value,
    dated: ({ earliest }) => String(earliest !== null),
  },
});
