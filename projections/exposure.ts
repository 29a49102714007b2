import {
  linkedList,
  measuresOf,
  newestOf,
  ownList,
  projection,
  ranked,
  source,
  sums,
  through,
  type Entry,
  type History,
  type Key,
  type Lookup,
  type Measures,
} from '../src/kernel/index.js';
import { contract, idsOf, type Contract, type Supply } from '../src/domain/contract/index.js';
import { caseKey, loss, type Loss } from '../src/domain/loss/index.js';
import { programme, type Programme } from '../src/domain/programme/index.js';
import { supplier } from '../src/domain/supplier/index.js';
import {
  caseSumKey,
  caseSums,
  itemShown,
  lossesOf,
  lossLine,
  lossShown,
  lossSums,
  outgrownByCase,
  outgrownIn,
  outOfCases,
  unassessedIn,
} from './losses.js';
import { casesOf } from './loss-cases.js';
import { riskShown, warningInRow } from './programmes.js';
import { beyondShown, minus, replacing as replacingBeside, textBeyond, totalByVat } from './commitments.js';
import { dayShown, hasEnded, isPromised, onDayById, partsOf, suppliersIn } from './promised.js';
import { trailOf } from './trail.js';
import { VAT, type Vat } from './vat.js';

const promised = sums({ contracts: 'count', joint: 'count' });
/** By VAT. `ceiling`: what a supplier is promised alone; `jointly`: what is promised to it together with others, in no sum with that. */
type Promised = 'ceiling' | 'jointly';
const measureOf = (promise: Promised, vat: Vat) => `${promise}.${vat}` as const;
const promisedIn = (measures: Measures, promise: Promised) =>
  totalByVat(Object.fromEntries(Object.entries(measures).flatMap(([name, n]) => (name.startsWith(`${promise}.`) ? [[name.slice(promise.length + 1), n]] : [])))); // prettier-ignore
const added = (all: readonly Measures[]): Measures => {
  const total: Record<string, bigint> = {};
  for (const one of all) for (const name in one) total[name] = (total[name] ?? 0n) + one[name]!;
  return total;
};
/** Entries of the lists under a key: among those of losses are special payments, which are in no total of losses. */
const counted = sums({ losses: 'count', warnings: 'count', risks: 'count' });
const counting = (keys: readonly Key[], what: 'losses' | 'warnings' | 'risks') =>
  Object.fromEntries(keys.map((key) => [key, counted.of({ [what]: 1 })]));

type About = Programme['risks'][number]['about'];
/** Where something is counted: what names only a contract counts with it, and through it with its suppliers. */
const countedUnder = (programme: string, about: About): readonly Key[] => [
  `programme:${programme}`,
  ...(about?.supplier ? [`supplier:${about.supplier}` as const] : about?.contract ? [`contract:${about.contract}` as const] : []),
];
const linksOf = (programme: string, about: About): readonly string[] => [
  ...countedUnder(programme, about),
  ...(about?.contract && !about.supplier ? [through(`contract:${about.contract}`)] : []),
];

const suppliers = source(supplier, 'supplier', {
  place: (id, { stage, members }) => [
    { key: `supplier:${id}`, row: stage !== 'none', links: members.map((member): Key => `supplier:${member}`) },
  ],
  shownByLinking: true,
  show: ({ id, state: { title, form, members, formerNames, aliases, suspended, merged } }) => ({
    [`supplier:${id}`]: {
      supplier: id,
      title: title || id,
      formerNames: newestOf(formerNames),
      aliases: newestOf(aliases),
      counts: { formerNames: formerNames.length, aliases: aliases.length },
      form: form ?? null,
      members,
      suspended: suspended ?? null,
      merged: merged ?? null,
    },
  }),
});

/** Whether its suppliers are others on some days: then what it adds to one depends on the day of the view. */
const changesHands = ({ suppliers }: Pick<Contract, 'suppliers'>): boolean =>
  suppliers.some(({ joinedOn, leftOn }) => (joinedOn ?? leftOn) !== undefined);
const contractShown = (id: string, c: Contract) => ({
  contract: id,
  ...dayShown(c),
  title: c.title || id,
  stage: c.stage,
  role: c.role,
  vat: c.vat,
});
/** What a contract adds to each of its suppliers. */
const sumsOf = (c: Pick<Contract, 'ceiling' | 'lots' | 'vat'>, suppliers: readonly Supply[]): Readonly<Record<string, Measures>> => {
  const adds: Record<string, Measures> = {};
  for (const [supplier, parts] of Map.groupBy(partsOf(c, suppliers), ({ supply }) => supply.supplier)) {
    const joint = parts.some(({ jointly }) => jointly) && { joint: 1 };
    const values = parts.map(({ value, jointly }) => measuresOf(value, `${measureOf(jointly ? 'jointly' : 'ceiling', c.vat)}.`));
    adds[`supplier:${supplier}`] = added([promised.of({ contracts: 1, ...joint }), ...values]);
  }
  return adds;
};
/** What one contract adds to one supplier, where the contract alone does not say it. */
const keyTo = (contract: string, supplier: string): Key => `contract:${contract}#to/${supplier}`;
const contracts = source(contract, 'contract', {
  place(id, c, day) {
    const suppliers = isPromised(c) ? suppliersIn(c, day) : [];
    const ids = idsOf(suppliers);
    if (ids.length === 0) return [];
    const sums = sumsOf(c, suppliers);
    const again = changesHands(c) ? Object.entries(sums).map(([to, adds]) => [keyTo(id, to), adds] as const) : [];
    return [
      {
        key: `contract:${id}`,
        links: ids.map((supplier) => ranked(hasEnded(c) ? 1 : 0, `supplier:${supplier}`)),
        sums: { ...sums, ...Object.fromEntries(again) },
      },
    ];
  },
  show: ({ id, state }) => ({ [`contract:${id}`]: contractShown(id, state) }),
  carries: ['', '#authority', '#supplier', '#elsewhere'],
});

/** Contracts that have taken the place of another one, under their suppliers: what another supplier lost to them stays in its row. */
const replacing = replacingBeside((c, day) => idsOf(suppliersIn(c, day)).map((id): Key => `supplier:${id}`));
/** What those come to that a supplier has no more, since another contract with it runs in their place. */
const replacedFor = (lookup: Lookup, key: Key): ReadonlyMap<string, Measures> => {
  const gone = new Map<string, Measures>();
  for (const { replaced } of replacing.under(lookup, key)) {
    const c = lookup.get(contracts, replaced);
    if (!c) continue;
    const adds = changesHands(c) ? lookup.measures(keyTo(replaced, key)) : (sumsOf(c, c.suppliers)[key] ?? {});
    if (Object.keys(adds).length > 0) gone.set(`contract:${replaced}`, adds);
  }
  return gone;
};

/** The newest decisions of a loss, by event, with the instant at which each was recorded. */
const recordedIn = ({ state, entries }: History<Loss>): Readonly<Record<string, string>> => {
  const shown = new Set([...newestOf(state.movements), ...newestOf(state.approved)].map(({ event }) => event));
  return Object.fromEntries(
    entries.flatMap(({ recorded: { id, metadata } }) => (shown.has(id) ? [[id, metadata.recordedAt] as const] : [])),
  );
};

const losses = source(loss, 'loss', {
  place(id, state) {
    if (state.stage === 'none') return [];
    const { programme: of, supplier: by, contract: under } = state;
    const keys = countedUnder(of!, state);
    const inCase: Key[] = state.case === undefined ? [] : [caseKey(of!, state.case)];
    const links = [...linksOf(of!, state), ...(by && under ? [`contract:${under}`] : []), ...inCase];
    const sums = { ...lossSums(state, ...keys, ...inCase), ...caseSums(state), ...counting(keys, 'losses') };
    return [{ key: `loss:${id}`, row: true, links, sums }];
  },
  show: (history) => ({
    [`loss:${history.id}`]: {
      ...lossShown(history.id, history.state),
      trail: trailOf(history),
      recorded: recordedIn(history),
      timeZone: history.timeZone,
      cases: newestOf(casesOf(history)),
    },
  }),
});

/** When the first table that says who decides on losses was recorded. */
const tablesSince = (entries: readonly Entry[]): string | undefined =>
  entries
    .flatMap(({ recorded: { type, metadata }, data }) =>
      type === 'PolicyAdopted' && (data.writeOffs?.length || data.specialPayments?.length) ? [metadata.recordedAt] : [],
    )
    .sort()[0];

const programmes = source(programme, 'programme', {
  place: (id, { stage }) => [{ key: `programme:${id}`, row: stage !== 'none' }],
  show: ({ id, state: { title, policies }, entries }) => ({
    [`programme:${id}`]: {
      programme: id,
      title: title || id,
      policies: policies.map(({ law: _, ...policy }) => policy),
      since: tablesSince(entries),
    },
  }),
  shownByLinking: true,
});
const warnings = source(programme, 'warning', {
  place: (id, state) =>
    state.warnings.map(({ warning, about }) => ({
      key: `warning:${id}/${warning}` as const,
      links: linksOf(id, about),
      sums: counting(countedUnder(id, about), 'warnings'),
    })),
  show: ({ id, state }) => Object.fromEntries(state.warnings.map((warning) => [`warning:${id}/${warning.warning}`, warningInRow(warning)])),
});
const risks = source(programme, 'risk', {
  place: (id, state) =>
    state.risks.map(({ risk, about }) => ({
      key: `risk:${id}/${risk}` as const,
      links: linksOf(id, about),
      sums: counting(countedUnder(id, about), 'risks'),
    })),
  show: ({ id, state }) => Object.fromEntries(state.risks.map((risk) => [`risk:${id}/${risk.risk}`, riskShown(risk)])),
});

const linked = {
  losses: linkedList(losses, { entry: lossLine }),
  warnings: linkedList(warnings),
  risks: linkedList(risks),
};
const lists = {
  /** Each with what was recorded of the contract: losses, and the warnings and risks that name no supplier. */
  contracts: linkedList(contracts, {
    ranks: 2,
    entry(c, lookup) {
      const key = `contract:${c.contract}` as const;
      const { warnings, risks } = lookup.sum(counted, key);
      return {
        ...c,
        ...onDayById(c, lookup.day),
        losses: lookup.newest(linked.losses, key),
        warnings: warnings > 0 ? lookup.newest(linked.warnings, key) : [],
        risks: risks > 0 ? lookup.newest(linked.risks, key) : [],
      };
    },
  }),
  ...linked,
};

/** The losses of a case, each with the approvals that the sum of the case has outgrown. */
const ofCase = linkedList(losses, {
  entry(shown, lookup) {
    const { programme: of, case: name, lossKind } = shown;
    const governing = lookup.get(programmes, of!) ?? NONE_ADOPTED;
    return { ...lossLine(shown), findings: outgrownByCase(shown, governing, lookup.measures(caseSumKey(of!, name!, lossKind))) };
  },
});
const NONE_ADOPTED = { policies: [], since: undefined };

const lossesByBearer = (lookup: Lookup, key: Key) => ({
  authority: lossesOf(lookup, 'authority', key),
  supplier: lossesOf(lookup, 'supplier', key),
  elsewhere: lossesOf(lookup, 'elsewhere', key),
});

/** What is at stake with whom: a row for each supplier, each loss, each programme. */
export const exposure = projection({
  name: 'exposure',
  version: 15,
  question: 'What is promised to each supplier, what was lost and who bears it, what was warned of?',
  byDay: true,
  from: [suppliers, contracts, replacing.from, losses, programmes, warnings, risks],
  rows: {
    supplier(id, lookup) {
      const row = lookup.get(suppliers, id);
      if (!row) return undefined;
      const key = `supplier:${id}` as const;
      const members = row.members.map((member) => ({ supplier: member, title: lookup.get(suppliers, member)?.title ?? member }));
      const gone = replacedFor(lookup, key);
      const listed = lookup.measures(key);
      const left = minus(listed, ...gone.values());
      const { joint } = promised.total(left);
      const { contracts } = promised.total(listed);
      const beyond = { replacements: replacing.beyond(lookup, key) };
      const come = (promise: Promised) => {
        const shown = promisedIn(left, promise);
        lookup.addedUp?.(shown.amounts, { key, measures: VAT.map((vat) => measureOf(promise, vat)), field: `/${promise}`, without: [...gone.keys()] }); // prettier-ignore
        return { ...shown, text: textBeyond(shown.text, beyond) };
      };
      return {
        kind: 'supplier',
        ...row,
        members,
        ceiling: come('ceiling'),
        jointly: joint > 0 ? { ...come('jointly'), contracts: joint } : null,
        /** Contracts that are in no sum, since another one with the same supplier runs in their place. */
        replaced: gone.size,
        ...beyondShown(beyond),
        contracts: lookup.newest(lists.contracts, key),
        losses: lossesByBearer(lookup, key),
        lossList: lookup.newest(lists.losses, key),
        warnings: lookup.newest(lists.warnings, key),
        risks: lookup.newest(lists.risks, key),
        counts: {
          ...row.counts,
          contracts,
          ...lookup.sum(counted, key),
        },
      };
    },
    loss(id, lookup) {
      const row = lookup.get(losses, id);
      if (!row) return undefined;
      const under = row.contract === null ? undefined : lookup.get(contracts, row.contract);
      const fits = !under || row.supplier === null || under.suppliers.some(({ supplier }) => supplier === row.supplier);
      const { recorded, timeZone, ...shown } = row;
      const governing = (row.programme !== null && lookup.get(programmes, row.programme)) || NONE_ADOPTED;
      const findings = newestOf([
        ...row.findings,
        ...(fits ? [] : [`The contract ${under.contract} is with ${idsOf(under.suppliers).join(', ')}, not with ${row.supplier}.`]),
        ...outgrownIn(row, governing),
        ...outOfCases(row, row.cases, { ...governing, timeZone }),
        ...unassessedIn(row, recorded, { ...governing, timeZone }),
      ]);
      return { kind: 'loss', ...shown, findings };
    },
    case(id, lookup) {
      const key = `case:${id}` as const;
      const byBearer = lossesByBearer(lookup, key);
      const entries = Number(lookup.measures(key)['entries'] ?? 0n);
      return entries === 0
        ? undefined
        : { kind: 'case', case: id, losses: byBearer, lossList: lookup.newest(ofCase, key), counts: { losses: entries } };
    },
    programme(id, lookup) {
      const shown = lookup.get(programmes, id);
      if (!shown) return undefined;
      const { policies: _, since: __, ...row } = shown;
      const key = `programme:${id}` as const;
      return {
        kind: 'programme',
        ...row,
        losses: lossesByBearer(lookup, key),
        warnings: lookup.newest(lists.warnings, key),
        risks: lookup.newest(lists.risks, key),
        counts: lookup.sum(counted, key),
      };
    },
  },
  lists: {
    supplier: {
      ...lists,
      formerNames: ownList(
        supplier,
        ({ state }) => state.formerNames,
        (name) => name,
      ),
      aliases: ownList(
        supplier,
        ({ state }) => state.aliases,
        (alias) => alias,
      ),
    },
    case: { losses: ofCase },
    programme: { losses: lists.losses, warnings: lists.warnings, risks: lists.risks },
    loss: {
      items: ownList(
        loss,
        ({ state }) => state.items,
        (item, { state }) => itemShown(item, state),
      ),
      movements: ownList(
        loss,
        ({ state }) => state.movements,
        (movement) => movement,
      ),
      revisions: ownList(
        loss,
        ({ state }) => state.revisions,
        (revision) => revision,
      ),
      approved: ownList(
        loss,
        ({ state }) => state.approved,
        (payment) => payment,
      ),
      paid: ownList(
        loss,
        ({ state }) => state.paid,
        (payment) => payment,
      ),
    },
  },
  filters: {
    kind: (row) => row.kind,
    supplier: (row) => row.supplier,
    programme: (row) => row.programme,
    bearer: (row) => row.bearer,
  },
});
