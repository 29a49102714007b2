import { choice, date, eventsOf, id, optional, text, type Occurrence, type Rules } from '../../kernel/index.js';
import { fits } from './bounds.js';
import { reviewFollows } from './reviews.js';
import { CLOSINGS, LEVELS, riskFields, warningFields, type Programme, type Risk } from './state.js';

const event = eventsOf<Programme>();

/** A list with one entry changed: each has an id of its own. */
const withEntry = <T>(list: readonly T[], isMeant: (entry: T) => boolean, change: (entry: T) => T): readonly T[] => {
  const at = list.findIndex(isMeant);
  return at === -1 ? list : list.with(at, change(list[at]!));
};
const withRisk = (p: Programme, name: string, change: (risk: Risk) => Risk): Programme => ({
  ...p,
  risks: withEntry(p.risks, ({ risk }) => risk === name, change),
});
const ofAnOpenRisk = {
  'programme/unknown-risk': {
    says: 'The risk was raised.',
    field: '/risk',
    detail: ({ data: { risk } }) => `No risk ${risk} was raised.`,
    holds: ({ data }, { risks }) => risks.some(({ risk }) => risk === data.risk),
  },
  'programme/risk-closed': {
    says: 'The risk is open.',
    field: '/risk',
    detail: ({ data }, { risks }) => `${data.risk} was closed on ${risks.find(({ risk }) => risk === data.risk)!.closed!.on}.`,
    holds: ({ data }, { risks }) => !risks.some(({ risk, closed }) => risk === data.risk && closed),
  },
} satisfies Rules<Occurrence<{ readonly risk: string }>, Programme>;

/** What may happen, and what was done about it; what others warned of, and what the authority answered. */
export const riskEvents = {
  RiskRaised: event({
    allowedIn: ['chartered'],
    fields: riskFields,
    rules: { ...reviewFollows, ...fits('risks', (p) => p.risks) },
    evolve: (p, data, { event, effectiveOn }) => ({ ...p, risks: [...p.risks, { ...data, mitigations: [], event, on: effectiveOn }] }),
  }),
  RiskMitigated: event({
    allowedIn: ['chartered'],
    fields: {
      risk: id('The risk', { example: 'integration' }),
      measure: text('What was done about it, in our own words', { max: 1000 }),
      likelihood: optional(choice(LEVELS, 'How likely it is now')),
      impact: optional(choice(LEVELS, 'How bad it would be now')),
      reviewDue: optional(date('When it is to be reviewed next')),
    },
    rules: {
      ...ofAnOpenRisk,
      ...reviewFollows,
      ...fits<Occurrence<{ readonly risk: string }>>('measures against that risk', ({ risks }, { data }) => risks.find(({ risk }) => risk === data.risk)?.mitigations ?? []), // prettier-ignore
    },
    evolve: (p, { risk, measure, likelihood, impact, reviewDue }, { event, effectiveOn }) =>
      withRisk(p, risk, (known) => ({
        ...known,
        ...(likelihood && { likelihood }),
        ...(impact && { impact }),
        ...(reviewDue && { reviewDue }),
        mitigations: [...known.mitigations, { measure, event, on: effectiveOn }],
      })),
  }),
  RiskClosed: event({
    allowedIn: ['chartered'],
    fields: {
      risk: id('The risk', { example: 'integration' }),
      how: choice(CLOSINGS, 'It came true, it can no longer come true, or the authority lives with it'),
      why: optional(text('Why, in our own words', { max: 1000 })),
    },
    rules: ofAnOpenRisk,
    evolve: (p, { risk, how, why }, { event, effectiveOn }) =>
      withRisk(p, risk, (known) => ({ ...known, closed: { how, ...(why && { why }), event, on: effectiveOn } })),
  }),
  WarningAdded: event({
    allowedIn: ['chartered'],
    fields: warningFields,
    rules: fits('warnings', (p) => p.warnings),
    evolve: (p, data, { event, effectiveOn }) => ({ ...p, warnings: [...p.warnings, { ...data, answers: [], event, on: effectiveOn }] }),
  }),
  WarningAnswered: event({
    allowedIn: ['chartered'],
    fields: {
      warning: id('The warning', { example: 'gds-tower-model' }),
      answer: text('What the authority answered, in our own words', { max: 1000 }),
      by: optional(text('Who answered')),
    },
    rules: {
      'programme/unknown-warning': {
        says: 'The warning was recorded.',
        field: '/warning',
        detail: ({ data: { warning } }) => `No warning ${warning} was recorded.`,
        holds: ({ data }, { warnings }) => warnings.some(({ warning }) => warning === data.warning),
      },
      ...fits<Occurrence<{ readonly warning: string }>>('answers to that warning', ({ warnings }, { data }) => warnings.find(({ warning }) => warning === data.warning)?.answers ?? []), // prettier-ignore
    },
    evolve: (p, { warning, answer, by }, { event, effectiveOn }) => ({
      ...p,
      warnings: withEntry(
        p.warnings,
        (known) => known.warning === warning,
        (known) => ({ ...known, answers: [...known.answers, { answer, ...(by && { by }), event, on: effectiveOn }] }),
      ),
    }),
  }),
};
