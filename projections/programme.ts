import { measuresOf, newestOf, ownList, projection, showTotal, source, totalOf } from '../src/kernel/index.js';
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

const programmes = source(programme, 'programme', {
  place: (id, { stage }) => (stage === 'none' ? [] : [{ key: `programme:${id}`, row: true }]),
  show(history) {
    const { id, state: p } = history;
    return {
      [`programme:${id}`]: {
        programme: id,
        title: p.title,
        authority: p.authority,
        baseCurrency: p.baseCurrency,
        strategies: newestOf(p.strategies),
        portfolio: p.portfolio ?? null,
        savings: {
          targets: newestOf(p.savingsTargets).map((target) => targetShown(target, history)),
          recorded: newestOf(p.savings),
        },
        headcountTargets: newestOf(p.headcountTargets),
        risks: newestOf(p.risks),
        warnings: newestOf(p.warnings),
        policies: newestOf(p.policies).map(policyShown),
        counts: {
          strategies: p.strategies.length,
          savingsTargets: p.savingsTargets.length,
          savings: p.savings.length,
          headcountTargets: p.headcountTargets.length,
          risks: p.risks.length,
          warnings: p.warnings.length,
          policies: p.policies.length,
        },
        trail: trailOf(history),
      },
    };
  },
});

/** What a programme set out to do. Whether a review is overdue is for the reader to say, who knows the day. */
export const programmeBoard = projection({
  name: 'programme',
  version: 2,
  question: 'What does the programme aim at: strategy and its review, savings promised and verified, headcount, projects, risks?',
  from: [programmes],
  rows: { programme: (id, lookup) => lookup.get(programmes, id) },
  lists: {
    programme: {
      strategies: ownList(
        programme,
        ({ state }) => state.strategies,
        (strategy) => strategy,
      ),
      savingsTargets: ownList(programme, ({ state }) => state.savingsTargets, targetShown),
      savings: ownList(
        programme,
        ({ state }) => state.savings,
        (saving) => saving,
      ),
      headcountTargets: ownList(
        programme,
        ({ state }) => state.headcountTargets,
        (target) => target,
      ),
      risks: ownList(
        programme,
        ({ state }) => state.risks,
        (risk) => risk,
      ),
      warnings: ownList(
        programme,
        ({ state }) => state.warnings,
        (warning) => warning,
      ),
      policies: ownList(programme, ({ state }) => state.policies, policyShown),
    },
  },
  filters: { programme: (row) => row.programme },
});
