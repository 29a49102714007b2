import {
  before,
  certainlyBefore,
  choice,
  date,
  flag,
  list,
  moveDays,
  object,
  optional,
  ref,
  signedValue,
  text,
} from '../../../kernel/index.js';
import { checked } from '../../programme/policies.js';
import { assessAccount, assessFinalValue } from '../closing.js';
import { suppliersOf } from '../suppliers.js';
import { fromRules, without } from './novation.js';
import { dated, ENDINGS, endingOn, endsAfterStart, event, statedEndOf, statedLastDayOf, type Contract } from '../state.js';

interface Terminating {
  readonly startsOn?: string;
  readonly partial?: boolean;
  readonly endsOn?: string;
}
interface Closing {
  readonly startsOn?: string;
  readonly endedOn: string;
}
/** How it ended, where what is recorded says it. */
const howOf = ({ stage, terminations, notice }: Contract): (typeof ENDINGS)[number] | undefined => {
  if (stage === 'exiting') return terminations.some(({ partial, from }) => !partial && from === undefined) ? 'terminated' : undefined;
  return stage === 'notice-given' && notice?.takesEffectOn ? 'terminated' : 'expired';
};

/** Whether a notice takes effect before its days are over → whether it keeps them. */
const NOTICE_KEPT = { yes: 'not-met', no: 'met', unknown: 'not-assessable' } as const;

/** A notice that is withdrawn takes back the break that it exercised. */
const withoutBreak = <C extends Pick<Contract, 'breaksDecided'>>(c: C): C =>
  c.breaksDecided ? { ...c, breaksDecided: c.breaksDecided.filter(({ status }) => status !== 'exercised') } : c;

/** How a contract ends. */
export const ending = {
  ContractCancelled: event({
    allowedIn: ['planned', 'tendering', 'awarded'],
    fields: { why: text('Why it was cancelled', { max: 1000 }) },
    evolve: (c, { why }, { effectiveOn }) => ({
      ...c,
      stage: 'cancelled',
      cancelled: { why, on: effectiveOn },
      ...dated(c, 'cancelled', effectiveOn),
    }),
  }),
  TerminationNoticeGiven: event({
    allowedIn: ['signed', 'live'],
    fields: { by: choice(['authority', 'supplier'], 'Who gives notice'), takesEffectOn: optional(date('Day the contract is to end')) },
    rules: {
      'contract/notice-ends-in-the-past': {
        says: 'A notice cannot take effect before it is given.',
        field: '/takesEffectOn',
        detail: ({ effectiveOn }) => `It is given on ${effectiveOn}.`,
        holds: ({ data: { takesEffectOn }, effectiveOn }) => !takesEffectOn || !certainlyBefore(takesEffectOn, effectiveOn),
      },
    },
    evolve: (c, { by, takesEffectOn }, { effectiveOn }) => ({
      ...c,
      stage: 'notice-given',
      notice: { by, on: effectiveOn, was: c.stage, ...(takesEffectOn && { takesEffectOn }) },
      ...dated(c, 'noticeGiven', effectiveOn),
    }),
    assess: ({ takesEffectOn }, { effectiveOn }, { noticeDays }, programme) =>
      noticeDays === undefined
        ? []
        : checked(
            programme,
            'contractual-notice',
            effectiveOn,
            { noticeDays, takesEffectOn: takesEffectOn ?? null },
            NOTICE_KEPT[takesEffectOn ? before(takesEffectOn, moveDays(effectiveOn, noticeDays)) : 'unknown'],
          ),
  }),
  TerminationNoticeWithdrawn: event({
    allowedIn: ['notice-given'],
    fields: {},
    evolve: ({ notice, dates: { noticeGiven: _, ...dates }, ...c }) => ({ ...withoutBreak(c), dates, stage: notice!.was }),
  }),
  ContractTerminated: event({
    allowedIn: ['signed', 'live', 'notice-given'],
    fields: {
      ground: text('The ground: breach, convenience, insolvency …', { max: 300, example: 'Failure to deliver' }),
      causedBy: optional(ref('contract', 'The contract whose end makes this necessary')),
      from: optional(ref('supplier', 'The supplier with whom it ends, where the contract has several: it goes on with the others')),
      partial: optional(flag('Only a part of the services ends: the contract goes on as it is')),
      endsOn: optional(date('Last day of the services that end')),
      forces: optional(
        list(
          object({ contract: ref('contract'), endsOn: optional(date('Last day of its services')) }),
          'Contracts whose end this makes necessary: each is then terminated by a command of its own',
          { min: 1, max: 20 },
        ),
      ),
    },
    rules: {
      ...fromRules,
      'contract/caused-by-itself': {
        says: 'A contract cannot be the cause of its own end.',
        field: '/causedBy',
        holds: ({ id, data }) => data.causedBy !== id,
      },
      'contract/forces-itself': {
        says: 'A termination forces the end of other contracts, each named once.',
        field: ({ id, data: { forces = [] } }) =>
          `/forces/${forces.findIndex(({ contract }, i) => contract === id || forces.findIndex((one) => one.contract === contract) < i)}/contract`,
        holds: ({ id, data: { forces = [] } }) => new Set([id, ...forces.map(({ contract }) => contract)]).size === forces.length + 1,
      },
      'contract/termination-prolongs': {
        says: 'A termination never makes the term longer.',
        field: '/endsOn',
        detail: (_, c) => `The term ends on ${statedEndOf(c)}.`,
        holds({ data: { endsOn } }, c) {
          const end = statedEndOf(c);
          return !endsOn || !end || !certainlyBefore(end, endsOn);
        },
      },
      ...endsAfterStart('/endsOn', ({ partial, endsOn }: Terminating) => (partial ? undefined : endsOn)),
    },
    evolve(c, { ground, causedBy, from, partial = false, endsOn, forces }, { event, effectiveOn }) {
      const others = from !== undefined && suppliersOf(c).some(({ supplier }) => supplier !== from);
      const terminations = [
        ...c.terminations,
        {
          event,
          ground,
          partial,
          on: effectiveOn,
          ...(others && { from }),
          ...(causedBy && { causedBy }),
          ...(endsOn && { endsOn }),
          ...(forces && { forces }),
        },
      ];
      if (partial) return { ...c, terminations };
      if (others) return { ...c, terminations, suppliers: without(c, from, endsOn ? moveDays(endsOn, 1) : effectiveOn) };
      return {
        ...c,
        terminations,
        stage: 'exiting',
        term: endsOn ? endingOn(c, endsOn) : c.term,
        ...dated(c, 'terminated', effectiveOn),
      };
    },
  }),
  ContractClosed: event({
    allowedIn: ['signed', 'live', 'notice-given', 'exiting'],
    fields: {
      how: optional(choice(ENDINGS, 'How it ended')),
      finalValue: signedValue('What it came to in the end'),
      endedOn: date('Last day of the contract: of the day of closing or earlier'),
    },
    rules: {
      'contract/not-past-its-end': {
        says: 'A contract is closed once it was terminated or its last day has certainly passed.',
        field: '/record/effectiveOn',
        detail: ({ data: { endedOn }, effectiveOn }, c) =>
          `${statedLastDayOf(c) ? `Its last day is ${statedLastDayOf(c)}` : `No last day is recorded, and it would end on ${endedOn}`}; it would be closed on ${effectiveOn}.`,
        holds: ({ data: { endedOn }, effectiveOn }, c) =>
          c.stage === 'exiting' || certainlyBefore(statedLastDayOf(c) ?? endedOn, effectiveOn),
      },
      'contract/closed-before-its-end': {
        says: 'A contract is closed on its last day or later.',
        field: '/endedOn',
        detail: ({ effectiveOn }) => `It would be closed on ${effectiveOn}.`,
        holds: ({ data: { endedOn }, effectiveOn }) => !certainlyBefore(effectiveOn, endedOn),
      },
      'contract/never-terminated': {
        says: 'A contract that nobody terminated and that has no notice has expired or was completed.',
        field: '/how',
        holds: ({ data: { how } }, { stage }) => how !== 'terminated' || stage === 'notice-given' || stage === 'exiting',
      },
      'contract/overrun-without-reason': {
        says: 'An end later than the last day of the term needs a reason.',
        field: '/record/reason',
        detail: ({ data: { endedOn } }, c) => `${endedOn} is later than ${statedEndOf(c)}, the last day of the term: give the reason.`,
        holds({ data: { endedOn }, reason }, c) {
          const end = statedEndOf(c);
          return reason !== undefined || !end || !certainlyBefore(end, endedOn);
        },
      },
      ...endsAfterStart('/endedOn', ({ endedOn }: Closing) => endedOn),
    },
    evolve(c, { how = howOf(c), finalValue, endedOn }, { effectiveOn, reason }) {
      const wasToEndOn = statedLastDayOf(c);
      const closed = {
        on: effectiveOn,
        endedOn,
        ...(how && { how }),
        ...(wasToEndOn && { wasToEndOn }),
        ...(reason !== undefined && { reason }),
      };
      return { ...c, stage: 'closed', closed, finalValue, term: endingOn(c, endedOn), ...dated(c, 'closed', effectiveOn) };
    },
    assess: ({ finalValue }, { effectiveOn }, { ceiling }, programme, taken) => [
      ...assessFinalValue(finalValue, ceiling, effectiveOn, programme),
      ...assessAccount(effectiveOn, programme, taken),
    ],
  }),
};
