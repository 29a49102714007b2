import { measuresOf, source, projection, showTotal, totalOf } from '../src/kernel/index.js';
import { programme, type Programme } from '../src/domain/programme/index.js';
import { trailOf } from './trail.js';

const savings = (p: Programme) => ({
  targets: p.savingsTargets.map((target) => ({
    ...target,
    recorded: sum(p, (s) => s.target === target.target),
    verified: sum(p, (s) => s.target === target.target && s.verifiedBy !== undefined),
  })),
  recorded: p.savings,
});
const sum = ({ savings }: Programme, which: (saving: Programme['savings'][number]) => boolean): string => {
  const measures: Record<string, bigint> = {};
  for (const { amount } of savings.filter(which))
    for (const [measure, n] of Object.entries(measuresOf(amount))) measures[measure] = (measures[measure] ?? 0n) + n;
  return showTotal(totalOf(measures));
};

/** What a programme set out to do. Whether a review is overdue is for the reader to say, who knows the day. */
export const programmeBoard = projection({
  name: 'programme',
  version: 1,
  question: 'What does the programme aim at: strategy and its review, savings promised and verified, headcount, projects, risks?',
  filters: { programme: (row) => row.programme },
  from: [
    source(programme, (history) => {
      const { id, state: p } = history;
      if (p.stage === 'none') return [];
      return [
        {
          key: `programme:${id}`,
          value: () =>
            ({
              programme: id,
              title: p.title,
              authority: p.authority,
              baseCurrency: p.baseCurrency,
              strategies: p.strategies,
              portfolio: p.portfolio ?? null,
              savings: savings(p),
              headcountTargets: p.headcountTargets,
              risks: p.risks,
              warnings: p.warnings,
              policies: p.policies.map(({ policy, version, title, inForceFrom, inForceUntil }) => ({
                policy,
                version,
                title,
                inForceFrom,
                inForceUntil: inForceUntil ?? null,
              })),
              trail: trailOf(history),
            }) as never,
          row: true,
        },
      ];
    }),
  ],
  row: (key, lookup) => lookup.get(key)[0],
});
