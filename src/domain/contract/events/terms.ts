import {
  certainlyBefore,
  choice,
  count,
  date,
  endOfTerm,
  flag,
  id,
  optional,
  percentage,
  signedAmount,
  text,
} from '../../../kernel/index.js';
import { indexedCeiling } from '../indexation.js';
import { optionRules } from '../options.js';
import { withItem } from '../lists.js';
import { endsAfterStart, event, firstDayOf, MOST_MONTHS, type Contract } from '../state.js';

/** Day on which a break takes effect: as stated, else so many months after the first day of the term, or of the service. */
const breakEnd = ({ afterMonths, endsOn }: { readonly afterMonths: number; readonly endsOn?: string }, c: Contract) => {
  const first = endsOn === undefined ? firstDayOf(c) : undefined;
  return first ? endOfTerm(first.on, afterMonths) : endsOn;
};

/** What becomes of the terms of a contract by what they themselves provide for. */
export const providing = {
  TermSet: event({
    allowedIn: ['awarded', 'signed', 'live', 'notice-given'],
    fields: {
      months: optional(count('Months of the term', { min: 1, max: MOST_MONTHS, example: 60 })),
      startsOn: optional(date('First day of the term')),
      endsOn: optional(date('Last day of the term')),
    },
    rules: {
      'contract/term-without-content': {
        says: 'A term states its months, its first day, its last day, or several of them.',
        field: '/endsOn',
        holds: ({ data: { months, startsOn, endsOn } }) => (months ?? startsOn ?? endsOn) !== undefined,
      },
      'contract/term-known': {
        says: 'A term is set where it was not known: approve a change of it, or correct the fact that stated it.',
        field: ({ data }, { term }) =>
          `/${(['months', 'startsOn', 'endsOn'] as const).find((name) => data[name] !== undefined && term[name] !== undefined)}`,
        detail: (_, { term: { months, startsOn, endsOn } }) =>
          `Known are ${[...(months ? [`${months} months`] : []), ...(startsOn ? [`from ${startsOn}`] : []), ...(endsOn ? [`to ${endsOn}`] : [])].join(' ')}.`,
        holds: ({ data }, { term }) =>
          (['months', 'startsOn', 'endsOn'] as const).every((name) => data[name] === undefined || term[name] === undefined),
      },
      ...endsAfterStart('/endsOn', ({ endsOn }: { readonly startsOn?: string; readonly endsOn?: string }) => endsOn),
    },
    evolve: (c, data) => ({ ...c, term: { ...c.term, ...data } }),
  }),
  IndexationApplied: event({
    allowedIn: ['awarded', 'signed', 'live', 'notice-given'],
    fields: {
      index: text('The index, and its month', { example: 'CPIH April 2025' }),
      percent: optional(percentage('By how many per cent prices change', { example: '3.5' })),
      falls: optional(flag('Whether they fall')),
      to: optional(signedAmount('The new ceiling, where it is stated')),
    },
    rules: {
      'contract/indexation-without-figure': {
        says: 'An indexation states the percentage, the new ceiling, or both.',
        field: '/percent',
        holds: ({ data: { percent, to } }) => percent !== undefined || to !== undefined,
      },
    },
    evolve(c, data, { event, effectiveOn: on, authority }) {
      const { to: _, ...rest } = data;
      const ceiling = indexedCeiling(data, c);
      const to = ceiling === c.ceiling ? undefined : ceiling;
      return {
        ...c,
        ceiling,
        indexations: withItem(c.indexations, { ...rest, event, on, from: c.ceiling, ...(to && { to }) }),
        changes: [
          ...c.changes,
          {
            event,
            kind: 'indexation',
            on,
            from: c.ceiling,
            ...(to && { to }),
            summary: data.percent === undefined ? data.index : `${data.index}: ${data.falls ? '−' : ''}${data.percent} %`,
            ...(authority && { reference: authority.reference }),
          },
        ],
      };
    },
  }),
  OptionLapsed: event({
    allowedIn: ['awarded', 'signed', 'live', 'notice-given', 'exiting'],
    fields: { option: id('The option that can no longer be exercised', { example: 'year-7' }), why: optional(text('Why', { max: 1000 })) },
    rules: optionRules,
    evolve: (c, { option }) => ({
      ...c,
      options: c.options.map((one) => (one.option === option ? { ...one, status: 'lapsed' as const } : one)),
    }),
  }),
  BreakDecided: event({
    allowedIn: ['signed', 'live'],
    fields: {
      afterMonths: count('The break point: so many months after the first day', { min: 1, max: MOST_MONTHS, example: 24 }),
      decision: choice(['exercised', 'waived'], 'Whether the contract ends there or goes on'),
      endsOn: optional(date('Last day of the contract, where it ends there')),
    },
    rules: {
      'contract/unknown-break': {
        says: 'The contract has no such break point.',
        field: '/afterMonths',
        detail: (_, { breaks }) =>
          `It has breaks after ${breaks.map(({ afterMonths }) => `${afterMonths} months`).join(', ') || 'no months'}.`,
        holds: ({ data: { afterMonths } }, { breaks }) => breaks.some((one) => one.afterMonths === afterMonths),
      },
      'contract/break-decided': {
        says: 'A break point is decided once.',
        field: '/afterMonths',
        detail: ({ data: { afterMonths } }, { breaksDecided = [] }) => {
          const { status, on } = breaksDecided.find((one) => one.afterMonths === afterMonths)!;
          return `It was ${status} on ${on}.`;
        },
        holds: ({ data: { afterMonths } }, { breaksDecided = [] }) => !breaksDecided.some((one) => one.afterMonths === afterMonths),
      },
      'contract/break-in-the-past': {
        says: 'A break is exercised on its last day or earlier.',
        field: '/endsOn',
        detail: ({ data, effectiveOn }, c) => `It would end on ${breakEnd(data, c)}; it is exercised on ${effectiveOn}.`,
        holds({ data, effectiveOn }, c) {
          const end = data.decision === 'exercised' ? breakEnd(data, c) : undefined;
          return end === undefined || !certainlyBefore(end, effectiveOn);
        },
      },
    },
    /** A break that is exercised is a notice of the authority: the contract ends on its day, and the notice can be withdrawn. */
    evolve(c, data, { event, effectiveOn: on }) {
      const { afterMonths, decision: status } = data;
      const endsOn = status === 'exercised' ? breakEnd(data, c) : undefined;
      return {
        ...c,
        breaksDecided: withItem(c.breaksDecided, { afterMonths, status, ...(endsOn && { endsOn }), event, on }),
        ...(status === 'exercised' && {
          stage: 'notice-given' as const,
          notice: { by: 'authority' as const, on, was: c.stage, ...(endsOn && { takesEffectOn: endsOn }) },
          dates: { ...c.dates, noticeGiven: on },
        }),
      };
    },
  }),
};
