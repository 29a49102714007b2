import {
  add,
  amountOf,
  betweenOf,
  certainlyBefore,
  isAmount,
  linkedList,
  minor,
  newestOf,
  ownList,
  projection,
  showValue,
  source,
  subtract,
  type Amount,
  type Finding,
  type Key,
  type Lookup,
  type Sum,
  type Value,
} from '../src/kernel/index.js';
import { contract, idsOf, lastDayOf, suppliersOn, type Contract } from '../src/domain/contract/index.js';
import { supplier } from '../src/domain/supplier/index.js';
import { commits, committedShown, listedIn } from './commitments.js';
import { dayShown, isWith, onDay, sumsWithSuppliers, supplierKeys } from './promised.js';

/** Where the call-offs of a framework that is not recorded here stand: its reference, percent-encoded. */
const externalKey = (reference: string) => `external-framework:${encodeURIComponent(reference)}` as const;
const frameworkKey = ({ contract: of, reference }: NonNullable<Contract['framework']>): Key =>
  of === undefined ? externalKey(reference!) : `framework:${of}`;

/** On which day it was called off, as far as it is known. */
const calledOffOn = ({ dates, term }: Contract): string | undefined => dates['awarded'] ?? dates['signed'] ?? term.startsOn;

/** What is asked of a framework when something is called off from it. */
const frameworkShown = (id: string, c: Contract) => ({
  framework: id,
  programme: c.programme ?? null,
  title: c.title || id,
  stage: c.stage,
  ...dayShown(c),
  ends: lastDayOf(c) ?? null,
  term: c.term,
  /** An estimate, and no promise. */
  maximum: c.ceiling,
  vat: c.vat,
  counts: { suppliers: c.suppliers.length },
});
const frameworkSource = source(contract, 'framework', {
  place: (id, c, day) =>
    c.kind === 'framework'
      ? [{ key: `framework:${id}`, row: true, links: supplierKeys(c), sums: sumsWithSuppliers(`framework:${id}`, c, day) }]
      : [],
  show: ({ id, state }) => ({ [`framework:${id}`]: frameworkShown(id, state) }),
  shownByLinking: true,
});
/** The same for the rows of call-offs elsewhere. */
export const frameworkBeside = source(contract, 'framework', {
  place: (id, c) => (c.kind === 'framework' ? [{ key: `framework:${id}` }] : []),
  show: ({ id, state }) => ({ [`framework:${id}`]: frameworkShown(id, state) }),
  shownByLinking: true,
});
export const frameworkLinks = ({ framework }: Contract): readonly Key[] =>
  framework?.contract === undefined ? [] : [`framework:${framework.contract}`];
/** What is unusual in a call-off, where a row shows `frameworkBeside`. */
export const foundBeside = (calledOff: CallOff | undefined, lookup: Lookup): readonly Finding[] =>
  calledOff ? callOffFindings(calledOff, lookup.get(frameworkBeside, calledOff.contract ?? '')) : [];
/** What a call-off says of its framework. */
export const callOffShown = (c: Contract) =>
  c.framework && { ...c.framework, on: calledOffOn(c) ?? null, suppliers: idsOf(suppliersOn(c, calledOffOn(c) ?? '9999-12-31')) };
type CallOff = NonNullable<ReturnType<typeof callOffShown>>;

/** What is unusual in a call-off beside its framework, and was not refused. Nothing is said of a framework that is not recorded here. */
const callOffFindings = (
  { contract: named, lot, on, suppliers }: CallOff,
  framework: ReturnType<typeof frameworkShown> | undefined,
): readonly Finding[] => {
  if (named === undefined) return [];
  if (!framework) return [{ code: 'not-a-framework', text: `It is called off from ${named}, which is no framework.` }];
  const findings: Finding[] = [];
  const { ends, lots } = framework;
  if (on !== null && ends !== null && certainlyBefore(ends, on))
    findings.push({ code: 'called-off-after-end', text: `It was called off on ${on}; the framework ${named} ended on ${ends}.` });
  const members = on === null ? framework.suppliers : suppliersOn(framework, on);
  const inLot = lot === undefined ? members : members.filter((member) => member.lot === undefined || member.lot === lot);
  const strangers = suppliers.filter((id) => !inLot.some((member) => member.supplier === id));
  if (strangers.length > 0)
    findings.push({
      code: 'not-on-framework',
      text: `${newestOf(strangers).join(', ')} ${strangers.length === 1 ? 'is' : 'are'} not on the framework ${named}${lot === undefined ? '' : ` in its lot ${lot}`}${on === null ? '' : ` on ${on}`}.`,
    });
  if (lot !== undefined && !lots.some((one) => one.lot === lot))
    findings.push({ code: 'unknown-framework-lot', text: `The framework ${named} has no lot ${lot}.` });
  return findings;
};

const ofCallOff = (id: string, c: Contract) => ({
  callOff: id,
  programme: c.programme ?? null,
  title: c.title || id,
  stage: c.stage,
  ...dayShown(c),
  calledOff: callOffShown(c)!,
});
type CallOffShown = ReturnType<typeof ofCallOff>;
const callOffs = source(contract, 'call-off', {
  place(id, c, day) {
    if (!c.framework) return [];
    const key = frameworkKey(c.framework);
    const adds = commits(c);
    const { lot } = c.framework;
    return [
      {
        key: `call-off:${id}`,
        row: true,
        links: [key, ...supplierKeys(c)],
        sums: {
          [key]: adds,
          ...(lot !== undefined && { [`${key}#lot/${lot}`]: adds }),
          ...sumsWithSuppliers(`call-off:${id}`, c, day),
        },
      },
    ];
  },
  show: ({ id, state: c }) => ({
    [`call-off:${id}`]: ofCallOff(id, c),
  }),
});
/** The rows of frameworks that are not recorded here: each call-off stands under the one that it names. */
const externals = source(contract, 'external-framework', {
  place: (_, c) => (c.framework?.reference !== undefined ? [{ key: externalKey(c.framework.reference), row: true }] : []),
  show: () => ({}),
});
const suppliers = source(supplier, 'supplier', {
  place: (id) => [{ key: `supplier:${id}` }],
  show: ({ id, state }) => ({ [`supplier:${id}`]: state.title || id }),
  shownByLinking: true,
});
const naming = (lookup: Lookup) => (id: string) => lookup.get(suppliers, id) ?? id;

const callOffEntry = ({ lots, calledOff, ...c }: CallOffShown, lookup: Lookup) => {
  const framework = lookup.get(frameworkSource, calledOff.contract ?? '');
  const { contract: of, reference, lot, on } = calledOff;
  return {
    ...c,
    ...onDay({ ...c, lots }, lookup.day, naming(lookup)),
    framework: {
      ...(of !== undefined && { contract: of }),
      ...(reference !== undefined && { reference }),
      ...(lot !== undefined && { lot }),
    },
    calledOffOn: on,
    findings: callOffFindings(calledOff, framework),
  };
};
const calledOff = linkedList(callOffs, { entry: callOffEntry });

/** What call-offs come to by VAT: all under a framework, or those of one of its lots. */
const usedOf = (lookup: Lookup, key: Key) => {
  const measures = lookup.measures(key);
  const { contracts: callOffs, replaced: _, ...used } = committedShown(lookup, measures, { key }, 0);
  return { used: { ...used, callOffs }, callOffs: listedIn(measures) };
};
/** A sum as one amount, rounded as far as its parts are together. */
const asAmount = ({ amount, currency, qualifier, between }: Sum): Amount => {
  if (!between) return { amount, currency, ...(qualifier && { qualifier }) };
  const { least, most } = between;
  if (least === undefined) return { amount: most!, currency, qualifier: 'at-most' };
  if (most === undefined) return { amount: least, currency, qualifier: 'at-least' };
  const roundedTo = amountOf(minor({ amount: most, currency }) - minor({ amount: least, currency }), currency).amount;
  return { amount, currency, qualifier: 'about', roundedTo };
};
/**
 * What is left of an estimated maximum: at most so much where a call-off is not known. Null where they cannot be compared, or where what was
 * called off may be more and may be less without limit.
 */
const remainingOf = (
  { maximum, vat }: Pick<ReturnType<typeof frameworkShown>, 'maximum' | 'vat'>,
  { amounts, byVat, undisclosed, withheld, unknown }: ReturnType<typeof usedOf>['used'],
): Value | null => {
  const [used] = byVat[vat]?.amounts ?? [];
  const differs = amounts.length > (used ? 1 : 0);
  if (!isAmount(maximum) || differs || (used && used.currency !== maximum.currency)) return null;
  if (used?.qualifier === 'about' && !used.between) return null;
  const left = used ? subtract(maximum, asAmount(used)) : maximum;
  const some = undisclosed + withheld + unknown > 0;
  return some ? add(left, { amount: '0', currency: left.currency, qualifier: 'at-most' }) : left;
};

/** A framework promises nothing: what its call-offs come to beside its estimated maximum, and what was called off when it could not be. */
export const frameworks = projection({
  name: 'frameworks',
  version: 4,
  question: 'What was called off from each framework, how much of its maximum is left, and was it called off in time from those on it?',
  byDay: true,
  from: [frameworkSource, callOffs, externals, suppliers],
  rows: {
    framework(id, lookup) {
      const row = lookup.get(frameworkSource, id);
      if (!row) return undefined;
      const key = `framework:${id}` as const;
      const { ceiling: _, lots, counts, ...shown } = row;
      const { used, callOffs } = usedOf(lookup, key);
      const remaining = remainingOf(row, used);
      const findings: Finding[] =
        remaining && isAmount(remaining) && isAmount(row.maximum) && isBelow(remaining)
          ? [{ code: 'used-above-maximum', text: `${used.text} was called off; at most ${showValue(row.maximum)} was estimated.` }]
          : [];
      return {
        kind: 'framework',
        ...shown,
        ...onDay({ ...row, kind: 'framework' }, lookup.day, naming(lookup)),
        lots: lots.map((lot) => {
          const { used } = usedOf(lookup, `${key}#lot/${lot.lot}` as Key);
          return { ...lot, used };
        }),
        used,
        remaining,
        callOffs: lookup.newest(calledOff, key),
        findings,
        counts: { ...counts, callOffs },
      };
    },
    'external-framework'(id, lookup) {
      const key = `external-framework:${id}` as const;
      const { used, callOffs } = usedOf(lookup, key);
      if (callOffs === 0) return undefined;
      return {
        kind: 'external-framework',
        framework: decodeURIComponent(id),
        used,
        callOffs: lookup.newest(calledOff, key),
        counts: { callOffs },
      };
    },
    'call-off'(id, lookup) {
      const row = lookup.get(callOffs, id);
      return row && { kind: 'call-off', ...callOffEntry(row, lookup) };
    },
  },
  lists: {
    framework: {
      callOffs: calledOff,
      suppliers: ownList(
        contract,
        ({ state }) => state.suppliers,
        (supply) => supply,
      ),
    },
    'external-framework': { callOffs: calledOff },
  },
  filters: {
    kind: (row) => row.kind,
    programme: (row) => row.programme,
    supplier: (row, chosen) => isWith(row.suppliers, chosen),
    finding: (row) => row.findings?.map(({ code }) => code),
  },
});
const isBelow = (value: Value): boolean => {
  const { most } = betweenOf(value);
  return most !== undefined && most < 0n;
};
