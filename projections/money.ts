import { changeFigures, isAmount, newestOf, ownList, projection, source, sums, type Key, type Lookup } from '../src/kernel/index.js';
import { contract, type Change, type Contract } from '../src/domain/contract/index.js';
import { loss } from '../src/domain/loss/index.js';
import { programme } from '../src/domain/programme/index.js';
import { byVatOf } from './commitments.js';
import { lossesOf, lossSums, withText } from './losses.js';
import { dayShown, groupOf, isPromised, onDay } from './promised.js';
import { STATES, stateOf, textByVat, VAT, vatOf, type State, type Vat } from './vat.js';

const approved = sums({ contracts: 'count', original: 'value', ceiling: 'value' });

/** What a contract adds to its programme: in all, by VAT, and by state. */
const sumsOf = (c: Contract) => {
  if (!c.programme) return {};
  const key = `programme:${c.programme}#${groupOf(c)}`;
  const adds = approved.of({ contracts: 1, original: c.original, ceiling: c.ceiling });
  return { [key]: adds, [`${key}/${c.vat}`]: adds, [`${key}/${stateOf(c)}`]: adds };
};

const moving = ({ state }: { readonly state: Contract }): readonly Change[] => state.changes.filter(({ to, by }) => to ?? by);
const changeShown = ({ event, on, from, to, by, ground, reference }: Change, { state }: { readonly state: Contract }) => ({
  event,
  on,
  from,
  to: to ?? null,
  by: by ?? null,
  ground: ground ?? null,
  reference: reference ?? null,
  ...(to && !(by && !isAmount(by)) && { figures: changeFigures(state.original, from, to) }),
});

const contracts = source(contract, 'contract', {
  place: (id, c) =>
    isPromised(c)
      ? [
          {
            key: `contract:${id}`,
            row: true,
            sums: sumsOf(c),
          },
        ]
      : [],
  show(history) {
    const { id, state: c } = history;
    const changes = moving(history);
    return {
      [`contract:${id}`]: {
        kind: 'contract',
        contract: id,
        programme: c.programme ?? null,
        group: groupOf(c),
        title: c.title || id,
        ...dayShown(c),
        original: c.original,
        covers: c.covers,
        vat: c.vat,
        changes: newestOf(changes).map((change) => changeShown(change, history)),
        finalValue: c.finalValue ?? null,
        counts: { changes: changes.length, suppliers: c.suppliers.length },
      },
    };
  },
});
const losses = source(loss, 'loss', {
  place: (id, l) => (l.stage === 'none' ? [] : [{ key: `loss:${id}`, sums: lossSums(l, `programme:${l.programme}`) }]),
  show: () => ({}),
});
const programmes = source(programme, 'programme', {
  place: (id, { stage }) => (stage === 'none' ? [] : [{ key: `programme:${id}`, row: true }]),
  show: ({ id, state: p }) => ({
    [`programme:${id}`]: {
      programme: id,
      title: p.title,
      baseCurrency: p.baseCurrency,
      savings: newestOf(p.savingsTargets),
      counts: { savings: p.savingsTargets.length },
    },
  }),
});

const groupTotals = (lookup: Lookup, key: Key, group: ReturnType<typeof groupOf>) => {
  const of = (part?: Vat | State) => {
    const { contracts, original, ceiling } = lookup.sum(approved, `${key}#${group}${part ? `/${part}` : ''}` as Key);
    return { contracts, original: withText(original), ceiling: withText(ceiling) };
  };
  const { original, ceiling } = of();
  const byVat = VAT.map((vat) => [vat, of(vat)] as const).filter(([, { contracts }]) => contracts > 0);
  const byState = STATES.map((state) => [state, of(state)] as const).filter(([, { contracts }]) => contracts > 0);
  const text = (figure: 'original' | 'ceiling', all: string): string =>
    textByVat(
      byVat.map(([vat, part]) => [vat, part[figure].text]),
      all,
    );
  return {
    original: {
      ...byVatOf(
        byVat.map(([vat, part]) => [vat, part.original]),
        original,
      ),
      text: text('original', original.text),
    },
    ceiling: {
      ...byVatOf(
        byVat.map(([vat, part]) => [vat, part.ceiling]),
        ceiling,
      ),
      text: text('ceiling', ceiling.text),
    },
    vat: vatOf(byVat),
    byVat: Object.fromEntries(byVat),
    byState: Object.fromEntries(byState),
  };
};
const lost = (lookup: Lookup, key: Key, who: 'authority' | 'supplier') => {
  const { gross, net, recovered, outstanding } = lossesOf(lookup, who, key);
  return { gross, net, recovered, outstanding };
};

/** Ceilings, not payments: what was approved at first, what it is now, and what the difference was approved for. */
export const money = projection({
  name: 'money',
  version: 7,
  question: 'What was approved at first, what is the ceiling now, what was saved and what was lost?',
  from: [contracts, losses, programmes],
  rows: {
    contract(id, lookup) {
      const row = lookup.get(contracts, id);
      if (!row) return undefined;
      const { supplierName: _, ...today } = onDay(row, lookup.day);
      return { ...row, ...today };
    },
    programme(id, lookup) {
      const row = lookup.get(programmes, id);
      const key = `programme:${id}` as const;
      return (
        row && {
          kind: 'programme',
          ...row,
          towers: groupTotals(lookup, key, 'towers'),
          outside: groupTotals(lookup, key, 'outside'),
          losses: { authority: lost(lookup, key, 'authority'), supplier: lost(lookup, key, 'supplier') },
        }
      );
    },
  },
  lists: {
    contract: { changes: ownList(contract, moving, changeShown) },
    programme: {
      savings: ownList(
        programme,
        ({ state }) => state.savingsTargets,
        (target) => target,
      ),
    },
  },
  filters: { kind: (row) => row.kind, programme: (row) => row.programme, group: (row) => row.group },
});
