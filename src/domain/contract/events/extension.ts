import { before, certainlyBefore, count, date, id, isAmount, moveEnd, optional, text } from '../../../kernel/index.js';
import { checked } from '../../programme/policies.js';
import { assessChange } from '../law.js';
import { addedBy, optionOf, optionRules } from '../options.js';
import { ceilingAfter } from './change.js';
import { endingOn, endsAfterStart, event, MOST_MONTHS, statedEndOf, type Contract } from '../state.js';

interface Extension {
  readonly startsOn?: string;
  readonly option?: string;
  readonly months?: number;
  readonly endsOn?: string;
}
const newEndOf = ({ option, months, endsOn }: Extension, c: Contract): string | undefined => {
  const more = months ?? optionOf(option, c)?.months;
  return endsOn ?? (c.term.endsOn && more ? moveEnd(c.term.endsOn, more) : undefined);
};
/** The latest day that an option gives. */
const latestBy = (option: string | undefined, c: Contract): string | undefined => {
  const months = optionOf(option, c)?.months;
  return months === undefined ? undefined : statedEndOf(c, months);
};

/** How a term becomes longer. */
export const extending = {
  ExtensionSought: event({
    allowedIn: ['signed', 'live', 'notice-given'],
    fields: {
      option: optional(id('The option to be exercised', { example: 'year-7' })),
      until: optional(date('The last day that is sought')),
      why: optional(text('Why', { max: 1000 })),
    },
    rules: optionRules,
    evolve: (c, { option, until, why }, { effectiveOn }) => ({
      ...c,
      extensionSought: { on: effectiveOn, ...(option && { option }), ...(until && { until }), ...(why && { why }) },
    }),
  }),
  ExtensionExercised: event({
    allowedIn: ['signed', 'live', 'notice-given'],
    fields: {
      option: optional(id('The option that is exercised; absent when the contract had none', { example: 'year-7' })),
      months: optional(count('Months by which the term is longer; at most those of the option', { min: 1, max: MOST_MONTHS })),
      endsOn: optional(date('The new last day of the term')),
    },
    rules: {
      ...optionRules,
      'contract/extension-without-length': {
        says: 'An extension names the option, the months or the new last day.',
        field: '/option',
        holds: ({ data: { option, months, endsOn } }) => option !== undefined || months !== undefined || endsOn !== undefined,
      },
      'contract/beyond-option': {
        says: 'An option gives at most its months: the rest is a change, for ApproveChange.',
        field: ({ data: { option, months = 0 } }, c) => (months > (optionOf(option, c)?.months ?? Infinity) ? '/months' : '/endsOn'),
        detail({ data: { option } }, c) {
          const latest = latestBy(option, c);
          return `${option} gives ${optionOf(option, c)!.months} months${latest ? `, to ${latest}` : ''}: approve the rest with ApproveChange.`;
        },
        holds({ data: { option, months = 0, endsOn } }, c) {
          const latest = latestBy(option, c);
          return months <= (optionOf(option, c)?.months ?? Infinity) && !(endsOn && latest && certainlyBefore(latest, endsOn));
        },
      },
      ...endsAfterStart('/endsOn', ({ endsOn }: Extension) => endsOn),
    },
    evolve: ({ extensionSought: _, ...c }, data, { event, effectiveOn, authority }) => {
      const { option, months } = data;
      const exercised = optionOf(option, c);
      const more = months ?? exercised?.months;
      const end = newEndOf(data, c);
      const added = exercised && addedBy(exercised, c);
      return {
        ...c,
        ceiling: added?.to ?? ceilingAfter(c, undefined, added?.by && isAmount(added.by) ? added.by : undefined),
        options: c.options.map((o) => (o.option === option ? { ...o, status: 'exercised' } : o)),
        term: { ...(end ? endingOn(c, end) : c.term), ...(more && { extendedMonths: (c.term.extendedMonths ?? 0) + more }) },
        changes: [
          ...c.changes,
          {
            event,
            kind: 'term',
            on: effectiveOn,
            from: c.ceiling,
            ...added,
            ...(option && { option }),
            ...(end && { endsOn: end }),
            ...(authority && { reference: authority.reference }),
          },
        ],
      };
    },
    /** By an option: whether its notice was given in time. Without one it is a change of the term, and approved as such. */
    assess(data, context, c, programme) {
      const { effectiveOn } = context;
      if (data.option === undefined) return assessChange(c, { newEndsOn: newEndOf(data, c) ?? 'unknown' }, context, programme);
      const stated = c.options.slice(
        0,
        Math.max(
          0,
          c.options.findIndex(({ option }) => option === data.option),
        ),
      );
      const earlier = stated.filter(({ status }) => status === 'open').map(({ option }) => option);
      const order = checked(
        programme,
        'options-in-order',
        effectiveOn,
        { option: data.option, earlier },
        earlier.length === 0 ? 'met' : 'not-met',
        earlier.length === 0 ? undefined : `Still open before it: ${earlier.join(', ')}.`,
      );
      const notice = optionOf(data.option, c)?.noticeMonths;
      if (notice === undefined) return order;
      const { endsOn } = c.term;
      const last = endsOn && moveEnd(endsOn, -notice);
      const late = last ? before(last, effectiveOn) : 'unknown';
      const result = late === 'no' ? 'met' : late === 'yes' ? 'not-met' : 'not-assessable';
      return [...order, ...checked(programme, 'option-notice', effectiveOn, { noticeMonths: notice, endsOn: endsOn ?? null }, result)];
    },
  }),
};
