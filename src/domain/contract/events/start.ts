import { before, certainlyBefore, date, optional } from '../../../kernel/index.js';
import { checked } from '../../programme/policies.js';
import { assessSignature } from '../law.js';
import { standstillEndOf, suspending } from '../standstill.js';
import { dated, ENDS_BEFORE_START, endsAfterStart, event, type Contract, type Stage } from '../state.js';

/** A service that starts before its award is recorded as it happened: the contract is live once it is awarded. */
const beforeAward: readonly Stage[] = ['none', 'planned', 'tendering'];

/** What is signed is the term that was agreed. */
const signedTerm = ({ term: { agreedEndsOn, ...term } }: Contract, startsOn?: string, endsOn?: string): Contract['term'] => ({
  ...term,
  ...(startsOn && { startsOn }),
  ...(endsOn ? { endsOn } : agreedEndsOn !== undefined && { agreedEndsOn }),
});

/** How a contract is signed, and comes to service: in this order or in another one, which is found and not refused. */
export const starting = {
  ContractSigned: event({
    allowedIn: ['awarded', 'live'],
    fields: { startsOn: optional(date('First day of the term')), endsOn: optional(date('Last day of the term')) },
    rules: {
      'contract/already-signed': {
        says: 'A contract is signed once.',
        field: '/record/effectiveOn',
        detail: (_, { dates }) => `It was signed on ${dates['signed']}.`,
        holds: (_, { dates }) => !dates['signed'],
      },
      ...endsAfterStart('/endsOn', ({ endsOn }: { readonly startsOn?: string; readonly endsOn?: string }) => endsOn),
    },
    evolve: (c, { startsOn, endsOn }, { effectiveOn }) => ({
      ...c,
      stage: c.stage === 'live' ? 'live' : 'signed',
      term: signedTerm(c, startsOn, endsOn),
      ...dated(c, 'signed', effectiveOn),
    }),
    assess(_, context, c, programme) {
      const { effectiveOn } = context;
      const ends = standstillEndOf(c);
      const over = ends === undefined ? 'unknown' : before(ends, effectiveOn);
      const result = over === 'yes' ? 'met' : over === 'no' ? 'not-met' : 'not-assessable';
      const standstill = checked(programme, 'standstill', effectiveOn, { standstillEndsOn: ends ?? null }, result);
      const open = suspending(c).map(({ challenge }) => challenge);
      const challenges = checked(
        programme,
        'no-suspending-challenge',
        effectiveOn,
        { open },
        open.length === 0 ? 'met' : 'not-met',
        open.length === 0 ? undefined : `${open.join(', ')} forbids the signature until it is resolved.`,
      );
      return [...standstill, ...challenges, ...assessSignature(c, context, programme)];
    },
  }),
  ServiceStarted: event({
    allowedIn: [...beforeAward, 'awarded', 'signed'],
    mayPrecede: true,
    fields: {},
    rules: {
      'contract/already-started': {
        says: 'A service starts once.',
        field: '/record/effectiveOn',
        detail: (_, { dates }) => `It started on ${dates['started']}.`,
        holds: (_, { dates }) => !dates['started'],
      },
      'contract/ends-before-start': {
        says: ENDS_BEFORE_START,
        field: '/record/effectiveOn',
        detail: (_, { term }) => `Its term ended on ${term.endsOn}.`,
        holds: ({ effectiveOn }, { term }) => !term.endsOn || !certainlyBefore(term.endsOn, effectiveOn),
      },
    },
    evolve: (c, _, { effectiveOn }) => ({
      ...c,
      stage: beforeAward.includes(c.stage) ? c.stage : 'live',
      ...dated(c, 'started', effectiveOn),
    }),
    assess: (_, { effectiveOn }, { stage }, programme) =>
      checked(programme, 'signed-before-service', effectiveOn, { stage }, stage === 'signed' ? 'met' : 'not-met'),
  }),
};
