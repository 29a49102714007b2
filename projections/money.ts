import { changeFigures, isAmount, newestOf, ownList, projection, source, sums, type Key, type Lookup } from '../src/kernel/index.js';
import { contract, type Change, type Contract } from '../src/domain/contract/index.js';
import { loss } from '../src/domain/loss/index.js';
import { programme } from '../src/domain/programme/index.js';
import { beyondShown, byVatOf, minus, replacements, replacingInPlace, textBeyond } from './commitments.js';
import { lossesOf, lossSums, withText } from './losses.js';
import { dayShown, groupOf, isPromised, onDayById } from './promised.js';
import { STATES, stateOf, textByVat, VAT, vatOf, type State, type Vat } from './vat.js';

const approved = sums({ contracts: 'count', original: 'value', ceiling: 'value' });

const addsOf = ({ original, ceiling }: Pick<Contract, 'original' | 'ceiling'>) => approved.of({ contracts: 1, original, ceiling });
/** What a contract adds to its programme: in all, by VAT, by state, and by both. */
const sumsOf = (c: Contract) => {
  if (!c.programme) return {};
  const key = `programme:${c.programme}#${groupOf(c)}`;
  const adds = addsOf(c);
  const state = stateOf(c);
  return { [key]: adds, [`${key}/${c.vat}`]: adds, [`${key}/${state}`]: adds, [`${key}/${state}/${c.vat}`]: adds };
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
        stage: c.stage,
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

/** Opens into what each contract adds, in all or of one VAT or state: without those beside which their replacement runs. */
const groupTotals = (lookup: Lookup, programme: string, group: ReturnType<typeof groupOf>) => {
  const key = `programme:${programme}#${group}`;
  const gone = replacingInPlace.under(lookup, `programme:${programme}`).flatMap(({ replaced, group: of }) => {
    const c = of === group ? lookup.get(contracts, replaced) : undefined;
    return c && c.programme === programme && c.group === group ? [c] : [];
  });
  const of = (...parts: readonly (Vat | State)[]) => {
    const at = [key, ...parts].join('/') as Key;
    const out = gone.filter((c) => parts.every((part) => c.vat === part || stateOf(c) === part));
    const { contracts, original, ceiling } = approved.total(minus(lookup.measures(at), ...out.map(addsOf)));
    const shown = { contracts, original: withText(original), ceiling: withText(ceiling) };
    const without = out.map(({ contract }) => `contract:${contract}`);
    for (const figure of ['original', 'ceiling'] as const)
      lookup.addedUp?.(shown[figure].amounts, { key: at, measures: [figure], without });
    return shown;
  };
  /** In all, or of one state: each figure by its VAT where this differs. */
  const byVatIn = (...states: readonly State[]) => {
    const [all, at] = [of(...states), [key, ...states].join('/') as Key];
    const byVat = VAT.map((vat) => [vat, of(...states, vat)] as const).filter(([, { contracts }]) => contracts > 0);
    const without = gone.filter((c) => states.every((state) => stateOf(c) === state)).map(({ contract }) => `contract:${contract}`);
    const figureOf = (figure: 'original' | 'ceiling') => {
      const shown = byVatOf(
        byVat.map(([vat, part]) => [vat, part[figure]]),
        all[figure],
      );
      lookup.addedUp?.(shown.amounts, { key: at, measures: [figure], without });
      const text = textByVat(
        byVat.map(([vat, part]) => [vat, part[figure].text]),
        all[figure].text,
      );
      return { ...shown, text };
    };
    return { contracts: all.contracts, original: figureOf('original'), ceiling: figureOf('ceiling'), vat: vatOf(byVat), byVat };
  };
  const { contracts: _, byVat, original, ceiling, vat } = byVatIn();
  const beyond = { replacements: replacingInPlace.beyond(lookup, `programme:${programme}`) };
  const byState = STATES.flatMap((state) => {
    const { byVat: __, ...part } = byVatIn(state);
    return part.contracts > 0 ? [[state, part] as const] : [];
  });
  return {
    original: { ...original, text: textBeyond(original.text, beyond) },
    ceiling: { ...ceiling, text: textBeyond(ceiling.text, beyond) },
    vat,
    byVat: Object.fromEntries(byVat),
    byState: Object.fromEntries(byState),
    /** Contracts that are not counted, since a running one has taken their place. */
    replaced: gone.length,
    ...beyondShown(beyond),
  };
};
const lost = (lookup: Lookup, key: Key, who: 'authority' | 'supplier') => {
  const { gross, net, recovered, outstanding } = lossesOf(lookup, who, key);
  return { gross, net, recovered, outstanding };
};

/** Ceilings, not payments: what was approved at first, what it is now, and what the difference was approved for. */
export const money = projection({
  name: 'money',
  version: 13,
  question: 'What was approved at first, what is the ceiling now, what was saved and what was lost?',
  byDay: true,
  from: [contracts, replacements, losses, programmes],
  rows: {
    contract(id, lookup) {
      const row = lookup.get(contracts, id);
      return row && { ...row, ...onDayById(row, lookup.day) };
    },
    programme(id, lookup) {
      const row = lookup.get(programmes, id);
      const key = `programme:${id}` as const;
      return (
        row && {
          kind: 'programme',
          ...row,
          towers: groupTotals(lookup, id, 'towers'),
          outside: groupTotals(lookup, id, 'outside'),
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
