import { before, certainlyBefore, choice, date, flag, moveDays, optional, ref, signedValue, text } from '../../../kernel/index.js';
import { checked } from '../../programme/policies.js';
import { dated, endsAfterServiceStart, event } from '../state.js';

/** Whether a notice takes effect before its days are over → whether it keeps them. */
const NOTICE_KEPT = { yes: 'not-met', no: 'met', unknown: 'not-assessable' } as const;

/** How a contract ends. */
export const ending = {
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
      notice: { by, was: c.stage, ...(takesEffectOn && { takesEffectOn }) },
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
    evolve: ({ notice, dates: { noticeGiven: _, ...dates }, ...c }) => ({ ...c, dates, stage: notice!.was }),
  }),
  ContractTerminated: event({
    allowedIn: ['signed', 'live', 'notice-given'],
    fields: {
      ground: text('The ground: breach, convenience, insolvency …', { max: 300, example: 'Failure to deliver' }),
      causedBy: optional(ref('contract', 'The contract whose end makes this necessary')),
      partial: optional(flag('Only a part of the services ends: the contract goes on as it is')),
      endsOn: optional(date('Last day of the services')),
    },
    rules: {
      'contract/caused-by-itself': {
        says: 'A contract cannot be the cause of its own end.',
        field: '/causedBy',
        holds: ({ id, data }) => data.causedBy !== id,
      },
      ...endsAfterServiceStart('/endsOn', ({ partial, endsOn }: { readonly partial?: boolean; readonly endsOn?: string }) =>
        partial ? undefined : endsOn,
      ),
    },
    evolve: (c, { ground, causedBy, partial = false, endsOn }, { effectiveOn }) => ({
      ...c,
      termination: { ground, partial, on: effectiveOn, ...(causedBy && { causedBy }), ...(endsOn && { endsOn }) },
      ...(!partial && { stage: 'exiting', term: { ...c.term, ...(endsOn && { endsOn }) }, ...dated(c, 'terminated', effectiveOn) }),
    }),
  }),
  ContractClosed: event({
    allowedIn: ['exiting'],
    fields: { finalValue: signedValue('What it came to in the end'), endedOn: date('Last day of the contract') },
    rules: endsAfterServiceStart('/endedOn', ({ endedOn }: { readonly endedOn: string }) => endedOn),
    evolve: (c, { finalValue, endedOn }, { effectiveOn }) => ({
      ...c,
      stage: 'closed',
      finalValue,
      term: { ...c.term, endsOn: endedOn },
      ...dated(c, 'closed', effectiveOn),
    }),
  }),
};
