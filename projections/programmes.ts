import { measuresOf, newestOf, ownList, showTotal, totalOf, type History, type List } from '../src/kernel/index.js';
import { programme, type Policy, type Programme } from '../src/domain/programme/index.js';
import { trailOf } from './trail.js';

const targetShown = (target: Programme['savingsTargets'][number], { state: { savings } }: { readonly state: Programme }) => {
  const own = savings.filter((saving) => saving.target === target.target);
  return { ...target, recorded: sumOf(own), verified: sumOf(own.filter(({ verifiedBy }) => verifiedBy !== undefined)) };
};
const sumOf = (savings: Programme['savings']): string => {
  const measures: Record<string, bigint> = {};
  for (const { amount } of savings)
    for (const [measure, n] of Object.entries(measuresOf(amount))) measures[measure] = (measures[measure] ?? 0n) + n;
  return showTotal(totalOf(measures));
};
const policyShown = ({ policy, version, title, inForceFrom, inForceUntil }: Policy) => ({
  policy,
  version,
  title,
  inForceFrom,
  inForceUntil: inForceUntil ?? null,
});
const warningShown = ({ warning, by, summary, source, on, about, answers }: Programme['warnings'][number]) => ({
  warning,
  by,
  summary,
  source,
  on,
  about: about ?? null,
  answers: newestOf(answers),
});
export const riskShown = ({ mitigations, closed, ...risk }: Programme['risks'][number]) => ({
  ...risk,
  mitigations: newestOf(mitigations),
  closed: closed ?? null,
});
/** On the rows of others: as it stands in the state, with the newest answers. */
export const warningInRow = (warning: Programme['warnings'][number]) => ({ ...warning, answers: newestOf(warning.answers) });
/** Each budget that was set, with the one that it replaced; the last of its year and kind counts. */
const budgetShown = (budget: Programme['budgets'][number], { state: { budgets } }: { readonly state: Programme }) => {
  const same = budgets.filter(({ year, kind }) => year === budget.year && kind === budget.kind);
  const place = same.findIndex(({ event }) => event === budget.event);
  return { ...budget, was: same[place - 1]?.amount ?? null, counts: place === same.length - 1 };
};
const asItIs = <Item>(item: Item): Item => item;

/** What rows show of a programme: what it set out to do, and the newest of each of its lists. */
export const programmeShown = (history: History<Programme>) => {
  const { id, state: p } = history;
  return {
    programme: id,
    title: p.title,
    authority: p.authority,
    baseCurrency: p.baseCurrency,
    strategies: newestOf(p.strategies),
    portfolio: p.portfolio ?? null,
    savings: { targets: newestOf(p.savingsTargets).map((target) => targetShown(target, history)), recorded: newestOf(p.savings) },
    headcountTargets: newestOf(p.headcountTargets),
    risks: newestOf(p.risks).map(riskShown),
    budgets: newestOf(p.budgets).map((budget) => budgetShown(budget, history)),
    links: newestOf(p.links),
    warnings: newestOf(p.warnings).map(warningShown),
    policies: newestOf(p.policies).map(policyShown),
    counts: {
      strategies: p.strategies.length,
      savingsTargets: p.savingsTargets.length,
      savings: p.savings.length,
      headcountTargets: p.headcountTargets.length,
      risks: p.risks.length,
      openRisks: p.risks.filter(({ closed }) => !closed).length,
      warnings: p.warnings.length,
      openWarnings: p.warnings.filter(({ answers }) => answers.length === 0).length,
      budgets: p.budgets.length,
      links: p.links.length,
      policies: p.policies.length,
    },
    trail: trailOf(history),
  };
};

/** All of what `programmeShown` shows the newest of. */
export const programmeLists = {
  strategies: ownList(programme, ({ state }) => state.strategies, asItIs),
  savingsTargets: ownList(programme, ({ state }) => state.savingsTargets, targetShown),
  savings: ownList(programme, ({ state }) => state.savings, asItIs),
  headcountTargets: ownList(programme, ({ state }) => state.headcountTargets, asItIs),
  risks: ownList(programme, ({ state }) => state.risks, riskShown),
  budgets: ownList(programme, ({ state }) => state.budgets, budgetShown),
  links: ownList(programme, ({ state }) => state.links, asItIs),
  warnings: ownList(programme, ({ state }) => state.warnings, warningShown),
  policies: ownList(programme, ({ state }) => state.policies, policyShown),
} satisfies Readonly<Record<string, List>>;
